/** Files that people drop on a workbench and that are no dumps, by their magic, so that the refusal can name them. */

interface Foreign {
  /** Offset and bytes. */
  at: number;
  magic: string | readonly number[];
  /** "a zip archive". */
  what: string;
  hint: string;
}

const UNPACK = 'Unpack it first.';
const DISK = 'A disk image holds no memory, unless it is a qcow2 image with an internal snapshot (savevm).';

const FOREIGN: readonly Foreign[] = [
  { at: 0, magic: [0x50, 0x4b, 3, 4], what: 'a zip archive', hint: UNPACK },
  { at: 0, magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], what: 'a 7-Zip archive', hint: UNPACK },
  { at: 0, magic: 'Rar!', what: 'a RAR archive', hint: UNPACK },
  { at: 257, magic: 'ustar', what: 'a tar archive', hint: UNPACK },
  { at: 0, magic: [0x5d, 0, 0, 0x80, 0], what: 'an lzma stream of the old kind', hint: 'Unpack it with xz --format=lzma -d.' },
  { at: 0, magic: 'KDMV', what: 'a VMware disk image', hint: DISK },
  { at: 0, magic: '# Disk Descri', what: 'a VMware disk descriptor', hint: DISK },
  { at: 0, magic: '<<< Oracle VM', what: 'a VirtualBox disk image', hint: DISK },
  { at: 0, magic: 'vhdxfile', what: 'a Hyper-V disk image', hint: DISK },
  { at: 0, magic: 'QED\0', what: 'a QED disk image', hint: DISK },
  { at: 510, magic: [0x55, 0xaa], what: 'the start of a disk (it has a boot sector)', hint: DISK },
  { at: 0, magic: 'PAGEDU64', what: 'a Windows crash dump', hint: 'Windows crash dumps are not read. QEMU can dump the same guest as ELF.' },
  { at: 0, magic: 'PAGEDUMP', what: 'a 32-bit Windows crash dump', hint: 'Windows crash dumps are not read. QEMU can dump the same guest as ELF.' },
];

/** What the file is, when it is one of those. `head`: its first bytes. */
export function recognizeForeign(head: Uint8Array): { what: string; hint: string } | undefined {
  return FOREIGN.find(({ at, magic }) => {
    const bytes = typeof magic === 'string' ? Array.from(magic, (letter) => letter.charCodeAt(0)) : magic;
    return head.length >= at + bytes.length && bytes.every((byte, index) => head[at + index] === byte);
  });
}
