/**
 * QEMU migration streams (savevm, migrate, virsh save): RAM by block, CPU and device states.
 *
 * Reads version 3 with RAM section versions 3 and 4 (QEMU 0.10 and later); layout.ts has the map. A truncated or damaged stream opens with what comes
 * before the damage. Not read: what multifd sends over connections of its own.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { DumpFormat } from '../format.ts';
import { CPU_LAYOUTS } from './cpu-layouts.ts';
import { MAGIC, MULTIFD_MAGIC, MULTIFD_VERSION, VERSION } from './layout.ts';
import { readSections } from './sections.ts';
import { StreamDump } from './stream-dump.ts';

function isMultifd(head: DataView): boolean {
  return head.getUint32(0) === MULTIFD_MAGIC && head.getUint32(4) === MULTIFD_VERSION;
}

export const qemuStream: DumpFormat = {
  id: 'qemu-stream',
  title: 'QEMU migration stream',
  takesRamFiles: true,

  probe(head) {
    if (head.length < 8) return 'no';
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    if (isMultifd(view)) return 'yes';
    if (view.getUint32(0) !== MAGIC) return 'no';
    return view.getUint32(4) === VERSION ? 'yes' : 'maybe';
  },

  open(source, context) {
    const head = new Uint8Array(8);
    if (source.read(context.start, head) === 8 && isMultifd(new DataView(head.buffer))) {
      throw new WorkbenchError('unsupported', `${source.name}: this is one of the connections of a multifd migration, caught from the network`, {
        source: source.name,
        fileOffset: context.start,
        hint: 'Its pages belong to a stream on another connection. Save the machine to a file instead: without multifd, or with mapped-ram.',
      });
    }
    const contents = readSections(source, context.start, context.progress, CPU_LAYOUTS);
    if (!contents.ram) {
      throw new WorkbenchError('bad-format', `${source.name}: the stream holds no RAM section, so there is no memory to look at`, {
        source: source.name,
      });
    }
    return new StreamDump(source, contents, contents.ram, context).describe(qemuStream.title);
  },
};
