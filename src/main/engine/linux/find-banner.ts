/** The kernel's own name in its read-only data: linux_banner (Linux init/version.c): "Linux version 6.1.0-13-amd64 (…) … #1 SMP …" and a newline. */
import type { KernelSpace } from './kernel-space.ts';
import { placesOf, type KernelStretch } from './kernel-window.ts';

const BEGIN = Buffer.from('Linux version ', 'latin1');
const MAX_BANNER = 512;
/** Copies in the log, in messages of programs: more than that are made to hold somebody up. */
const MAX_TRIES = 256;

/** The release: "6.1.0-13-amd64". Undefined where no kernel is there. The log has the text without its newline. */
export function findRelease(space: KernelSpace, stretches: readonly KernelStretch[]): string | undefined {
  let tries = 0;
  for (const place of placesOf(space, stretches, BEGIN)) {
    const text = space.string(place, MAX_BANNER) ?? '';
    const match = /^Linux version (\d+\.\d+[!-~]*) [ -~]+\n$/.exec(text);
    if (match) return match[1];
    if (++tries > MAX_TRIES) break;
  }
  return undefined;
}
