/** What of a stream's memory could not be read, for the user. */
import { formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { ExtentTable } from '../../memory/extent-table.ts';
import type { RamReader } from './ram-section.ts';
import type { StreamContents } from './sections.ts';

export function diagnosePages(contents: StreamContents, ram: RamReader, extents: ExtentTable): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const { records, blocks } = ram;
  const undecoded = records.xbzrle + records.compressed;
  if (undecoded > 0) {
    diagnostics.push({
      severity: 'data-loss',
      code: 'pages-undecoded',
      message: `${counted(undecoded, 'page record')} use ${records.xbzrle > 0 ? 'XBZRLE' : 'compression'}, which is not decoded yet.`,
      consequence: 'Those pages are shown as corrupt rather than with stale contents.',
    });
  }
  for (const block of blocks) {
    let held = 0;
    extents.forEachIn(block.ram, block.length, (_kind, _place, _start, length) => (held += length));
    if (held === block.length) continue;
    diagnostics.push({
      severity: 'data-loss',
      code: 'block-incomplete',
      message: `RAM block ${block.name}: ${formatSize(block.length - held)} of ${formatSize(block.length)} are not in the stream.`,
      consequence:
        held === 0 && contents.configuration.capabilities.includes('x-ignore-shared')
          ? 'It was left out by x-ignore-shared: its memory is in the backing file of the virtual machine.'
          : 'That memory is shown as absent.',
    });
  }
  if (contents.complete && !contents.description) {
    diagnostics.push({
      severity: 'info',
      code: 'no-vmdesc',
      message: 'The stream has no description of its device states (suppress-vmdesc, or a machine type before 2.3).',
      consequence: 'CPUs and a few devices are decoded by built-in layouts; the others are not shown.',
    });
  }
  return diagnostics;
}
