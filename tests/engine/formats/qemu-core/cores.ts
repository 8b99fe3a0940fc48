/** The cores that tests read: of real QEMUs with the lab's tiny guest, cut to what tells of the guest (tests/fixtures/make-qemu-core.ts), and QEMU's own answers. */
import { readFileSync } from 'node:fs';
import { fixture } from '../../../fixtures/fixture.ts';
import { fixtureBytes } from '../open-bytes.ts';

export const VERSIONS = ['5.2', '7.2', '10.0', '11.1'] as const;

export interface CoreOracle {
  version: string;
  /** `info registers` of each CPU. */
  registers: string[];
  /** `info mtree -f` of the address space `memory`. */
  memory: string;
  ramblock: string;
  /** gva2gpa of CPU 0, and gpa2hva; 7.2 alone. Hexadecimal. */
  translations?: { gva: string; gpa: string | null; hva?: string | null }[];
}

export const coreBytes = (version: string): Uint8Array => fixtureBytes(`qemu-core/tiny-${version}.core`);

export function coreOracle(version: string): CoreOracle {
  return (JSON.parse(readFileSync(fixture('qemu-core/oracle.json'), 'utf8')) as Record<string, CoreOracle>)[version]!;
}

/** Where PT_LOAD segments with data lie, read here again so that the engine's reader is not its own judge. */
export function segmentsOf(core: Uint8Array): { header: number; offset: number; start: number; fileSize: number }[] {
  const view = new DataView(core.buffer, core.byteOffset, core.length);
  const at = Number(view.getBigUint64(32, true));
  return Array.from({ length: view.getUint16(56, true) }, (_, index) => at + index * 56)
    .filter((header) => view.getUint32(header, true) === 1)
    .map((header) => ({
      header,
      offset: Number(view.getBigUint64(header + 8, true)),
      start: Number(view.getBigUint64(header + 16, true)),
      fileSize: Number(view.getBigUint64(header + 32, true)),
    }));
}

/** The core without the executable's tables of symbols, as the kernel leaves them out, on a host that has no such executable. */
export function withoutSymbols(core: Uint8Array): Uint8Array {
  const copy = core.slice();
  const view = new DataView(copy.buffer);
  const segments = segmentsOf(copy);
  const [first] = segments;
  // The tables lie between the ELF header and the code.
  const code = segments.find(({ header }) => view.getUint32(header + 4, true) === 5)!.start;
  for (const { header, start } of segments) if (start > first!.start && start < code) view.setBigUint64(header + 32, 0n, true);
  const bytes = Buffer.from(copy.buffer);
  const name = Buffer.from('/usr/bin/qemu-system-x86_64\0');
  for (let at = bytes.indexOf(name); at >= 0 && at < 0x40000; at = bytes.indexOf(name, at + 1)) copy[at + name.length - 2] = 0x58;
  return copy;
}
