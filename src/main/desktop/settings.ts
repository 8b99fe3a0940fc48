/** What the desktop app remembers between starts, in `settings.json` of its user data folder. A missing or damaged file is the defaults. */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { replaceFile } from '#workbench/replace-file.ts';

const settingsSchema = v.object({
  theme: v.fallback(v.picklist(['system', 'light', 'dark', 'high-contrast']), 'system'),
  /** Electron's dialogs do not remember it since version 43. */
  openFolder: v.fallback(v.nullable(v.string()), null),
  exportFolder: v.fallback(v.nullable(v.string()), null),
});

export type SettingsValues = v.InferOutput<typeof settingsSchema>;

function read(file: string): SettingsValues {
  try {
    return v.parse(settingsSchema, JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return v.parse(settingsSchema, {});
  }
}

export class Settings {
  readonly #file: string;
  #values: SettingsValues;
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
    // Once, at the start, before there is a window to keep waiting.
    this.#values = read(file);
  }

  get values(): Readonly<SettingsValues> {
    return this.#values;
  }

  /** Takes effect at once; resolves when it is on the disk, also when it cannot be written: settings are no reason to fail. */
  async change(changes: Partial<SettingsValues>): Promise<void> {
    this.#values = { ...this.#values, ...changes };
    const content = JSON.stringify(this.#values, null, 2);
    this.#lastWrite = this.#lastWrite
      .then(async () => {
        await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
        await replaceFile(this.#file, content);
      })
      .catch((error: unknown) => console.error(`cannot write ${this.#file}: ${String(error)}`));
    return this.#lastWrite;
  }
}
