/** What the families' readers of ELF notes share. Note types: System V gABI "Note Section"; Linux include/uapi/linux/elf.h. */
import { formatAddress } from '#shared/address-text.ts';
import type { CpuNote } from './architecture.ts';

export const NT_PRSTATUS = 1;

export function findNote(notes: readonly CpuNote[], owner: string, type: number): CpuNote | undefined {
  return notes.find((note) => note.owner === owner && note.type === type);
}

/** A register's source: "NT_PRSTATUS, offset 112, at 0x318". `offset` counts from the start of the payload. */
export function noteSource(title: string, offset: number, { fileOffset }: Pick<CpuNote, 'fileOffset'>): string {
  return `${title}, offset ${offset}${fileOffset === undefined ? '' : `, at ${formatAddress(fileOffset + offset)}`}`;
}
