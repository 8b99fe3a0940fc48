/**
 * COMMAND sections: u16 command, u16 length, data. Most are talk between two QEMUs that a file keeps; two matter to its reader.
 *
 * ```
 * PACKAGED       u32 length of the sections that follow in place: postcopy sends its devices so
 * RAM discard    u8 0, u8 len, block name, u8 0, {u64 start, u64 length}…: what was sent of these ranges is outdated
 * ```
 * Facts: QEMU migration/savevm.c, qemu_savevm_send_packaged, qemu_savevm_send_postcopy_ram_discard, loadvm_process_command (v10.0).
 */
import { COMMAND_PACKAGED, COMMAND_RAM_DISCARD } from './layout.ts';
import type { RamReader } from './ram-section.ts';
import { latin1, type StreamCursor } from './stream-cursor.ts';

/** Passes a command, with the cursor behind the type byte. `packageEnd` is the file offset at which a PACKAGED command's sections end. */
export function readCommand(cursor: StreamCursor, ram: RamReader | undefined): { command: number; packageEnd?: number } {
  const command = cursor.u16();
  const length = cursor.u16();
  if (command === COMMAND_PACKAGED && length === 4) {
    const size = cursor.u32();
    return { command, packageEnd: cursor.position + size };
  }
  const data = cursor.bytes(length);
  if (command === COMMAND_RAM_DISCARD) discard(data, ram);
  return { command };
}

function discard(data: Uint8Array, ram: RamReader | undefined): void {
  const nameLength = data[1] ?? 0;
  const name = latin1(data.subarray(2, 2 + nameLength));
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  for (let at = 2 + nameLength + 1; at + 16 <= data.length; at += 16) {
    ram?.discard(name, Number(view.getBigUint64(at)), Number(view.getBigUint64(at + 8)));
  }
}
