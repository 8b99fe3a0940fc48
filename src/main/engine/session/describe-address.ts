/** What is known of an address, in a line: for address chips. */
import { groupedHex, formatAddress, formatSize } from '#shared/address-text.ts';
import type { AddressDescription, MemoryState } from '#shared/model/index.ts';
import { PHYSICAL_LIMIT, type AddressSpace } from '#shared/units.ts';
import { impossibleWords } from '#shared/virtual-address.ts';
import type { OpenedDump, OpenedRegion } from '../formats/format.ts';
import type { GuestMemory } from '../memory/guest-memory.ts';
import type { TranslationSpace } from '../translate/translation-space.ts';
import type { HostSpace } from './host-space.ts';
import { FAULT_REASONS } from '../translate/translator.ts';

export interface AddressContext {
  memory: GuestMemory;
  dump: OpenedDump;
  regions: readonly OpenedRegion[];
  /** Undefined where the dump has no tables to walk. */
  tables: TranslationSpace | undefined;
  /** Undefined where the dump knows no host addresses. */
  host: HostSpace | undefined;
}

export const STATE_LABELS: Partial<Record<MemoryState, string>> = {
  absent: 'not in the dump',
  excluded: 'left out of the dump',
  corrupt: 'unreadable in the dump',
  encrypted: 'encrypted',
};

export function describeAddress(context: AddressContext, space: AddressSpace, address: bigint): AddressDescription {
  const { host, dump, regions } = context;
  if (host && (space === 'hva' || (dump.space === 'hva' && space !== 'file'))) return host.describe(regions, address, space);
  if (space === 'gpa') return physicalDescription(context, address);
  if (space === 'gva') return virtualDescription(context, address);
  if (space === 'file') return fileDescription(context, address);
  return { space, address, label: 'host addresses are not in this dump', physical: null, fileOffset: null, state: 'absent' };
}

/** A place in the file: the memory that it holds, where it does, and where the map shows that. */
function fileDescription(context: AddressContext, address: bigint): AddressDescription {
  const { memory, regions } = context;
  const space = 'file';
  if (address >= BigInt(memory.source.size)) {
    return { space, address, label: 'beyond the end of the file', physical: null, fileOffset: null, state: 'absent' };
  }
  const fileOffset = Number(address);
  const ram = memory.extents.addressOfFileOffset(fileOffset);
  const region = regions.find((candidate) => ram !== undefined && ram >= candidate.ram && ram - candidate.ram <= candidate.last - candidate.start);
  if (context.dump.space === 'hva' && context.host && region) {
    const host = region.start + (ram! - region.ram);
    const { label, state } = context.host.describe(regions, BigInt(host));
    return { space, address, label, translation: `→ HVA ${groupedHex(host, 12)}`, physical: null, fileOffset, state };
  }
  if (ram === undefined || region === undefined) {
    const label = ram === undefined ? 'no guest memory' : 'guest memory that is not mapped';
    return { space, address, label, physical: null, fileOffset, state: 'present' };
  }
  const physical = region.start + (ram - region.ram);
  const { label } = physicalDescription(context, BigInt(physical));
  return { space, address, label, translation: `→ GPA ${groupedHex(physical, 12)}`, physical, fileOffset, state: 'present' };
}

function physicalDescription({ memory, dump, regions, host }: AddressContext, address: bigint): AddressDescription {
  const space = 'gpa';
  if (address >= BigInt(PHYSICAL_LIMIT)) return { space, address, label: 'wider than 52 bits', physical: null, fileOffset: null, state: 'absent' };
  const physical = Number(address);
  const region = regions.find(({ start, last }) => physical >= start && physical <= last);
  const stretch = memory.stretchAt(physical, 1);
  const block = region && dump.blocks[region.block];
  const place = block ? `${block.name} + ${formatAddress(region.blockOffset + physical - region.start)}` : undefined;
  const state = stretch.reason ?? STATE_LABELS[stretch.state];
  const label = [place ?? (region ? 'memory' : undefined), state ?? (stretch.state === 'zero' ? 'zero page' : undefined)].filter(Boolean).join(', ');
  const lay = host?.placeOf(regions, physical);
  return {
    space,
    address,
    label: label || 'not in the dump',
    physical,
    ...(lay ? { host: lay } : {}),
    fileOffset: stretch.fileOffset,
    state: stretch.state,
  };
}

const FAULT_LABELS: Record<string, string> = {
  'not-present': 'not mapped',
  'reserved-bit': 'maps with a reserved bit set',
  'table-missing': 'its page table is not in the dump',
  'no-root': 'no root to walk from',
  'outside-table': 'not mapped: outside of the table',
};

function virtualDescription(context: AddressContext, address: bigint): AddressDescription {
  const { tables } = context;
  const space = 'gva';
  if (!tables) return { space, address, label: 'no page tables to walk', physical: null, fileOffset: null, state: 'unmapped' };
  if (!tables.translateAddress(address)) {
    const { fault: code, virtualBits, isBelowFault } = tables.found;
    const fault = FAULT_REASONS[code];
    if (isBelowFault) return { space, address, label: 'not translated by the second stage', physical: null, fileOffset: null, state: 'unmapped' };
    const label = fault === 'non-canonical' ? impossibleWords(virtualBits) : (FAULT_LABELS[fault ?? ''] ?? 'not mapped');
    return { space, address, label, physical: null, fileOffset: null, state: 'unmapped' };
  }
  const { physical, pageSize } = tables.found;
  const target = physicalDescription(context, BigInt(physical));
  return { ...target, space, address, translation: `→ GPA ${groupedHex(physical, 12)}, ${formatSize(pageSize)} page` };
}
