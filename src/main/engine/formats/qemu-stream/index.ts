/**
 * QEMU migration streams (savevm, migrate, virsh save): RAM by block, CPU and device states.
 *
 * Reads version 3 with RAM section version 4 (QEMU 0.13 and later); layout.ts has the map. A truncated or damaged stream opens with what comes
 * before the damage. Not decoded yet: XBZRLE and compressed pages, and devices of streams with neither footers nor a description.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { DumpFormat } from '../format.ts';
import { MAGIC, VERSION } from './layout.ts';
import { readSections } from './sections.ts';
import { StreamDump } from './stream-dump.ts';

export const qemuStream: DumpFormat = {
  id: 'qemu-stream',
  title: 'QEMU migration stream',

  probe(head) {
    if (head.length < 8) return 'no';
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    if (view.getUint32(0) !== MAGIC) return 'no';
    return view.getUint32(4) === VERSION ? 'yes' : 'maybe';
  },

  open(source, context) {
    const contents = readSections(source, context.start, context.progress);
    if (!contents.ram) {
      throw new WorkbenchError('bad-format', `${source.name}: the stream holds no RAM section, so there is no memory to look at`, {
        source: source.name,
      });
    }
    return new StreamDump(source, contents, contents.ram, context).describe(qemuStream.title);
  },
};
