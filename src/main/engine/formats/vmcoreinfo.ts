/**
 * VMCOREINFO: the Linux kernel's own notes for those who read its dumps (kernel/vmcore_info.c): lines of KEY=value.
 * Travels as an ELF note "VMCOREINFO", type 0, in a vmcore or, put there by the guest for QEMU's vmcoreinfo device, in guest memory.
 */
import type { Fact, GuestOs } from '#shared/model/dump.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import type { ElfNote } from './format.ts';

export const VMCOREINFO_OWNER = 'VMCOREINFO';
/** QEMU's own limit (dump/dump.c, MAX_GUEST_NOTE_SIZE). */
const MAX_NOTE = 1024 * 1024;

/** Lines by key. Values are as the kernel wrote them. */
export function parseVmcoreinfo(note: ElfNote): Map<string, string> {
  const text = new TextDecoder().decode(note.description);
  const lines = text.split('\n').map((line) => /^([^=\0]+)=(.*)$/.exec(line));
  return new Map(lines.flatMap((match) => (match ? [[match[1]!, match[2]!] as const] : [])));
}

/** The guest's operating system as VMCOREINFO tells it. */
export function guestOsOf(note: ElfNote): GuestOs | undefined {
  const release = parseVmcoreinfo(note).get('OSRELEASE');
  return release === undefined ? undefined : { name: 'Linux', release, source: `VMCOREINFO (${note.source}), OSRELEASE` };
}

const SHOWN: [string, string][] = [
  ['OSRELEASE', 'Linux release'],
  ['BUILD-ID', 'Kernel build ID'],
  ['KERNELOFFSET', 'KASLR offset'],
  ['NUMBER(phys_base)', 'phys_base'],
  ['NUMBER(pgtable_l5_enabled)', '5-level page tables'],
];

export function vmcoreinfoFacts(note: ElfNote): Fact[] {
  const values = parseVmcoreinfo(note);
  return SHOWN.flatMap(([key, label]) => {
    const value = values.get(key);
    return value === undefined ? [] : [{ label, value, source: `VMCOREINFO (${note.source}), ${key}` }];
  });
}

/**
 * The note that the guest left in its memory: an ELF note header, the name, the text. Undefined when there is none at that address, or the
 * memory is not in the dump.
 */
export function readVmcoreinfo(memory: PhysicalMemory, address: number, size: number, source: string): ElfNote | undefined {
  if (size < 24 || size > MAX_NOTE) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = memory.readExact(address, size);
  } catch {
    return undefined;
  }
  const view = new DataView(bytes.buffer);
  const nameSize = view.getUint32(0, true);
  const descriptionSize = view.getUint32(4, true);
  const start = 12 + Math.ceil(nameSize / 4) * 4;
  const owner = new TextDecoder().decode(bytes.subarray(12, 12 + VMCOREINFO_OWNER.length));
  if (owner !== VMCOREINFO_OWNER || nameSize !== VMCOREINFO_OWNER.length + 1 || start + descriptionSize > size) return undefined;
  return { owner, type: view.getUint32(8, true), description: bytes.slice(start, start + descriptionSize), source };
}
