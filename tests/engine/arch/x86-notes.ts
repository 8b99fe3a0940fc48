/** The two notes of an x86 CPU as lists of notes, and back. */
import type { Architecture, CpuNote } from '#engine/arch/index.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';

export function x86Notes(payloads: { prstatus?: Uint8Array; qemu?: Uint8Array }, offsets: { prstatus?: number; qemu?: number } = {}): CpuNote[] {
  const { prstatus, qemu } = payloads;
  return [
    ...(prstatus ? [{ owner: 'CORE', type: 1, description: prstatus, fileOffset: offsets.prstatus }] : []),
    ...(qemu ? [{ owner: 'QEMU', type: 0, description: qemu, fileOffset: offsets.qemu }] : []),
  ];
}

/** What the family writes of a CPU, as hexadecimal digits. */
export function encodedNotes(architecture: Architecture, state: CpuState): { prstatus?: string; qemu?: string } {
  const notes = architecture.encodeNotes(state, true);
  const payload = (wanted: string) => {
    const found = notes.find(({ owner }) => owner === wanted);
    return found && Buffer.from(found.description).toString('hex');
  };
  return { prstatus: payload('CORE'), qemu: payload('QEMU') };
}
