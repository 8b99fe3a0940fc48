/** A kernel's BTF by what its header looks like, for kernels whose symbol table has functions alone (without CONFIG_KALLSYMS_ALL). Facts: Linux Documentation/bpf/btf.rst: magic 0xeb9f, version 1, flags 0, length of the header. */
import type { KernelSpace } from './kernel-space.ts';
import { placesOf, type KernelStretch } from './kernel-window.ts';

const LEAST_HEADER = 24;
const MOST_HEADER = 256;
/** A kernel's takes megabytes; programs and modules have smaller ones. */
const LEAST_BTF = 2 ** 18;
const MAX_BTF = 64 * 1024 * 1024;
const MAX_TRIES = 4096;

/** The bytes; undefined where there are none. */
export function findBtf(space: KernelSpace, stretches: readonly KernelStretch[]): Uint8Array | undefined {
  const magic = space.littleEndian ? Uint8Array.of(0x9f, 0xeb, 1, 0) : Uint8Array.of(0xeb, 0x9f, 1, 0);
  let tries = 0;
  for (const place of placesOf(space, stretches, magic)) {
    if (++tries > MAX_TRIES) break;
    const bytes = space.bytes(place, LEAST_HEADER);
    if (!bytes) continue;
    const view = new DataView(bytes.buffer);
    const [header, typesAt, types, stringsAt, strings] = [4, 8, 12, 16, 20].map((at) => view.getUint32(at, space.littleEndian)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const length = header + Math.max(typesAt + types, stringsAt + strings);
    if (header >= LEAST_HEADER && header <= MOST_HEADER && length >= LEAST_BTF && length <= MAX_BTF) {
      const whole = space.bytes(place, length);
      if (whole) return whole;
    }
  }
  return undefined;
}
