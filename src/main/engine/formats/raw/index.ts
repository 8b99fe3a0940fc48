/**
 * Raw memory: the bytes of a file are those of physical memory from address 0 on, as QEMU's pmemsave and dd write it. Never guessed from content.
 *
 * All of it is one RAM block, so that a memory map of the user's can put its pieces elsewhere (a memory backend's file has what lies above 4 GiB
 * right behind what lies below the hole).
 */
import { formatSize } from '#shared/address-text.ts';
import { DumpFormatError } from '#shared/errors.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import { ExtentBuilder } from '../../memory/extent-builder.ts';
import { PAGE_SIZE } from '../../memory/extent-table.ts';
import type { DumpFormat, OpenedDump, OpenedRegion } from '../format.ts';
import { familyOfMemory } from './family-of-memory.ts';

const BLOCK = 'raw memory';

export const raw: DumpFormat = {
  id: 'raw',
  title: 'Raw memory',

  probe() {
    return 'no';
  },

  open(source, context): OpenedDump {
    const { start } = context;
    const length = source.size - start;
    if (length <= 0 || length > PHYSICAL_LIMIT) {
      const problem = { format: 'Raw memory', source: source.name, fileOffset: start, field: 'size' };
      throw new DumpFormatError({ ...problem, expected: '1 to 2^52 bytes', found: String(Math.max(0, length)) });
    }
    // Maps are made of whole pages; of the last one only what the file holds is there.
    const mapped = Math.ceil(length / PAGE_SIZE) * PAGE_SIZE;
    const builder = new ExtentBuilder();
    builder.addData(0, length, start);
    const extents = builder.finish();
    const regions: OpenedRegion[] = [
      {
        start: 0,
        last: mapped - 1,
        block: 0,
        blockOffset: 0,
        ram: 0,
        readOnly: false,
        evidence: { strength: 'guessed', text: 'Raw memory says nothing of addresses: the first byte is taken as physical address 0.' },
      },
    ];
    const family = familyOfMemory(source, { regions, extents }, context);
    return {
      format: 'raw',
      formatTitle: raw.title,
      sentence: `${formatSize(length)} of raw memory, taken as physical memory from address 0 on.`,
      layers: [{ title: raw.title, offset: start, length, detail: 'as it is' }],
      architecture: family.architecture,
      blocks: [{ name: BLOCK, length: mapped, ram: 0, role: 'main memory' }],
      regions,
      extents: extents.shared,
      cpus: [],
      notes: [],
      facts: family.facts,
      diagnostics: family.diagnostics,
    };
  },
};
