/** Where settings live for a process without Electron: the folder that Electron's `userData` names as well, so that both share their recent files. */
import { homedir } from 'node:os';
import { join } from 'node:path';

const NAME = 'vmcore-workbench';

export function configFolder(platform: NodeJS.Platform = process.platform, environment: NodeJS.ProcessEnv = process.env): string {
  if (platform === 'win32') return join(environment['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), NAME);
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', NAME);
  return join(environment['XDG_CONFIG_HOME'] || join(homedir(), '.config'), NAME);
}
