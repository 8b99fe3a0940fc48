/** Writes a small private file so that a reader sees the old content or the new, never a part, also after a crash. */
import { open, rename, rm } from 'node:fs/promises';

export async function replaceFile(path: string, content: string): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  try {
    const file = await open(part, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
