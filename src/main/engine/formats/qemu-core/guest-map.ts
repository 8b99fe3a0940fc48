/** The guest-physical map of a QEMU process as blocks, regions and extents of a dump. */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { Diagnostic } from '#shared/model/index.ts';
import { ExtentBuilder } from '../../memory/extent-builder.ts';
import { ExtentKind, type ExtentTable } from '../../memory/extent-table.ts';
import type { OpenedBlock, OpenedRegion, RamFile } from '../format.ts';
import type { ProcessMemory } from '../process-core/process-memory.ts';
import { addHostMemory } from '../process-core/segment-memory.ts';
import type { FlatRange } from './flat-view.ts';
import type { HostRamBlock } from './host-ram-blocks.ts';
import { flagsOf, type RegionLayout } from './memory-regions.ts';

export interface GuestMap {
  blocks: OpenedBlock[];
  regions: OpenedRegion[];
  extents: ExtentTable;
  diagnostics: Diagnostic[];
}

/** Blocks laid end to end in the order of QEMU's list, as a stream has them. */
export function placeBlocks(found: readonly HostRamBlock[]): OpenedBlock[] {
  let ram = 0;
  return found.map(({ name, usedLength, host }) => {
    const block = { name, length: usedLength, ram, host };
    ram += usedLength;
    return block;
  });
}

/** Where the blocks' bytes lie in the core. What the core lacks of a block that a file is given for is nothing at all, so that the file fills it. */
export function extentsOf(memory: ProcessMemory, blocks: readonly OpenedBlock[], files: readonly RamFile[] = []): ExtentTable {
  const builder = new ExtentBuilder();
  for (const { name, host, length, ram } of blocks) {
    const fromFile = files.some(({ block }) => block === name);
    addHostMemory(builder, memory.core, host!, length, ram, fromFile);
  }
  return builder.finish();
}

/**
 * The ranges that QEMU's own dump takes (dump/memory_mapping.c, guest_phys_block_add_section): RAM, and neither a passed-through device's nor non-volatile memory.
 * `ranges` ascend.
 */
export function regionsOf(
  memory: ProcessMemory,
  ranges: readonly FlatRange[],
  layout: RegionLayout,
  { found, blocks }: { found: readonly HostRamBlock[]; blocks: readonly OpenedBlock[] },
): { regions: OpenedRegion[]; diagnostics: Diagnostic[] } {
  const byRegion = new Map(found.map((block, index) => [block.region, index]));
  const regions: OpenedRegion[] = [];
  const left: string[] = [];
  const broken: string[] = [];
  for (const { start, length, region, offset, readOnly } of ranges) {
    const flags = flagsOf(memory, layout, region);
    const place = `GPA ${formatAddress(start)} (${formatSize(length)})`;
    if (flags?.romDevice || flags?.ram === false) continue;
    if (!flags) {
      broken.push(place);
      continue;
    }
    const index = byRegion.get(region);
    const kind = flags.ramDevice ? "a passed-through device's" : flags.nonvolatile ? 'non-volatile' : undefined;
    if (kind !== undefined) {
      left.push(`${place}, ${kind}`);
      continue;
    }
    const block = index === undefined ? undefined : blocks[index];
    if (index === undefined || !block || memory.pointer(region + layout.ramBlock) !== found[index]!.address || offset + length > block.length) {
      broken.push(place);
      continue;
    }
    const text = `A range of QEMU's memory map (FlatView): ${block.name} from offset ${formatAddress(offset)} on, at HVA ${formatAddress(block.host! + offset)}.`;
    const evidence = { strength: 'proven', text } as const;
    regions.push({ start, last: start + length - 1, block: index, blockOffset: offset, ram: block.ram + offset, readOnly, evidence });
  }
  return { regions, diagnostics: [...leftOut(left), ...brokenRanges(broken)] };
}

/** One region where guest-physical and host-virtual addresses, and rights, go on. */
export function joinRegions(regions: readonly OpenedRegion[]): OpenedRegion[] {
  const joined: OpenedRegion[] = [];
  for (const region of regions) {
    const before = joined.at(-1);
    const length = before ? before.last + 1 - before.start : 0;
    const goesOn =
      before?.last === region.start - 1 && before.block === region.block && before.ram + length === region.ram && before.readOnly === region.readOnly;
    if (before && goesOn) before.last = region.last;
    else joined.push({ ...region });
  }
  return joined;
}

function leftOut(ranges: readonly string[]): Diagnostic[] {
  if (ranges.length === 0) return [];
  const message = `Memory that QEMU's own dumps leave out: ${listed(ranges)}.`;
  return [
    {
      severity: 'info',
      code: 'memory-left-out',
      message,
      consequence: 'It is not part of the map; its RAM blocks can be put there by a correction.',
    },
  ];
}

function brokenRanges(ranges: readonly string[]): Diagnostic[] {
  if (ranges.length === 0) return [];
  const message = `Ranges of QEMU's memory map whose RAM block is not found: ${listed(ranges)}.`;
  return [{ severity: 'suspect', code: 'ranges-broken', message, consequence: 'They are missing from the guest-physical map.' }];
}

function listed(texts: readonly string[]): string {
  return texts.length > 8 ? `${texts.slice(0, 8).join('; ')} and ${texts.length - 8} more` : texts.join('; ');
}

/** What of the guest's memory the core lacks, and why. */
export function lostMemory(memory: ProcessMemory, blocks: readonly OpenedBlock[], extents: ExtentTable): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const { name, host, length, ram } of blocks) {
    let excluded = 0;
    let covered = 0;
    extents.forEachIn(ram, length, (kind, _place, _start, bytes) => {
      covered += bytes;
      if (kind === ExtentKind.Excluded) excluded += bytes;
    });
    if (excluded > 0) {
      const file = memory.core.fileAt(host!);
      diagnostics.push({
        severity: 'data-loss',
        code: 'memory-left-out',
        message: `The core has no data for ${formatSize(excluded)} of ${name}, which was mapped at HVA ${formatAddress(host!)}${file ? ` from ${file.path}` : ''}.`,
        consequence: `${
          file
            ? 'Whoever wrote the core left it out, by the core filter (/proc/PID/coredump_filter: file-backed memory) or dump-guest-core=off.'
            : 'Whoever wrote the core left it out, by dump-guest-core=off (MADV_DONTDUMP) or the core filter (/proc/PID/coredump_filter); the kernel also leaves out what was never written.'
        } It is shown as excluded.`,
        ...(file ? { missingBlock: name } : {}),
      });
    }
    const missing = length - covered;
    if (missing > 0) {
      diagnostics.push({
        severity: 'data-loss',
        code: 'memory-missing',
        message: `The core lacks ${formatSize(missing)} of ${name} (HVA ${formatAddress(host!)} on): ${
          memory.core.segmentAt(host!) ? 'it ends before them' : 'it has no segment for them'
        }.`,
        consequence: `${
          memory.core.segmentAt(host!)
            ? ''
            : 'Whoever wrote it left them out: gcore writes no segment for what has dump-guest-core=off (MADV_DONTDUMP). '
        }They are shown as absent.`,
        missingBlock: name,
      });
    }
  }
  return diagnostics;
}
