/** The program headers of a file or of an image in memory (gABI 4.1, "Program Header"; layout.ts). */
import { address, decodeProgramHeader, word, type ElfKind } from './layout.ts';

export interface ElfSegment {
  /** PT_… */
  type: number;
  /** PF_…: 1 execute, 2 write, 4 read. */
  flags: number;
  offset: number;
  /** As linked. */
  address: bigint;
  /** Bytes. */
  fileSize: number;
  memorySize: number;
  alignment: number;
}

/** As many as `bytes` holds. */
export function decodeSegments(bytes: Uint8Array, kind: ElfKind): ElfSegment[] {
  const { program, programHeaderSize } = kind.class;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(bytes.length / programHeaderSize) }, (_, index) => {
    const at = index * programHeaderSize;
    const { type, offset, fileSize, memorySize } = decodeProgramHeader(view, at, kind);
    return {
      type,
      flags: view.getUint32(at + program.flags, kind.littleEndian),
      offset,
      address: address(view, at + program.vaddr, kind),
      fileSize,
      memorySize,
      alignment: word(view, at + program.align, kind),
    };
  });
}
