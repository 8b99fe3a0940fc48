/** Opening dumps as the engine does, out of files and out of bytes that a test has damaged. */
import { memoryOfDump } from '#engine/formats/dump-memory.ts';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { wholeFile, type OpenedDump } from '#engine/formats/format.ts';
import { openDump } from '#engine/formats/registry.ts';
import type { GuestMemory } from '#engine/memory/guest-memory.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { ArraySource } from '../memory/array-source.ts';

export const SILENT = { report: () => undefined };

export interface Opened {
  dump: OpenedDump;
  memory: GuestMemory;
  source: ArraySource;
}

export function openBytes(bytes: Uint8Array, name = 'bytes'): Opened {
  const source = new ArraySource(bytes, name);
  const dump = openDump(source, wholeFile(source, SILENT));
  return { dump, source, memory: memoryOfDump(dump, source) };
}

/** A fixture's bytes. The caller's own copy. */
export function fixtureBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(fixture(name)));
}

export function openFixture(name: string): Opened {
  return openBytes(fixtureBytes(name), path.basename(name));
}

/** PT_LOAD segments of an ELF64 file, read here again so that the engine's reader is not its own judge. */
export function loadsOf(elf: Uint8Array): { physical: number; length: number; offset: number }[] {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.length);
  const at = Number(view.getBigUint64(32, true));
  return Array.from({ length: view.getUint16(56, true) }, (_, index) => at + index * 56)
    .filter((header) => view.getUint32(header, true) === 1)
    .map((header) => ({
      offset: Number(view.getBigUint64(header + 8, true)),
      physical: Number(view.getBigUint64(header + 24, true)),
      length: Number(view.getBigUint64(header + 32, true)),
    }));
}

/** Guest-physical addresses at which memory differs from QEMU's own ELF of the same moment, or is not known. */
export function differencesFromElf(memory: GuestMemory, elf: Uint8Array): string[] {
  const differences: string[] = [];
  for (const { physical, length, offset } of loadsOf(elf)) {
    const page = new Uint8Array(4096);
    for (let at = 0; at < length; at += page.length) {
      const spans = memory.read(physical + at, page);
      const unknown = spans.find(({ state }) => state !== 'present' && state !== 'zero');
      if (unknown) differences.push(`0x${(physical + at).toString(16)}: ${unknown.state}`);
      else if (Buffer.compare(page, elf.subarray(offset + at, offset + at + page.length)) !== 0)
        differences.push(`0x${(physical + at).toString(16)}: bytes`);
    }
  }
  return differences;
}
