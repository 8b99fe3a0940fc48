/** `protocol` and `session.defaultSession`: the app's own scheme and the permission handlers. */
import { EventEmitter } from 'node:events';
import { answerTo } from './app-link.ts';
import { appState } from './app-state.ts';

type SchemeHandler = (request: Request) => Promise<Response> | Response;
type PermissionHandler = (contents: object, permission: string, decide: (granted: boolean) => void) => void;

const schemes = new Map<string, SchemeHandler>();
/** What Chromium does where the app set no handler: Electron grants. */
let permissionHandler: PermissionHandler = (_contents, _permission, decide) => decide(true);
let permissionCheck: (contents: object, permission: string) => boolean = () => true;

export const protocol = {
  registerSchemesAsPrivileged(list: { scheme: string }[]): void {
    appState.privilegedSchemes.push(...list);
  },
};

class Session extends EventEmitter {
  readonly protocol = {
    handle(scheme: string, handler: SchemeHandler): void {
      if (schemes.has(scheme)) throw new Error(`The scheme ${scheme} is handled already`);
      schemes.set(scheme, handler);
    },
  };

  setPermissionRequestHandler(handler: PermissionHandler): void {
    permissionHandler = handler;
  }

  setPermissionCheckHandler(check: (contents: object, permission: string) => boolean): void {
    permissionCheck = check;
  }

  setDevicePermissionHandler(): void {
    // Headless Chromium has no devices to ask for.
  }
}

export const session = { defaultSession: new Session() };

answerTo('request', async ({ url, method }) => {
  const handler = schemes.get(new URL(url).protocol.slice(0, -1));
  if (!handler) throw new Error(`nothing handles ${url}`);
  const response = await handler(new Request(url, { method }));
  return { status: response.status, headers: Object.fromEntries(response.headers), body: new Uint8Array(await response.arrayBuffer()) };
});
answerTo('permission', ({ permission }) => {
  if (!permissionCheck({}, permission)) return false;
  return new Promise((decide) => permissionHandler({}, permission, decide));
});
