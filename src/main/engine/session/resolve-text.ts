/**
 * Where typed text leads: registers, addresses of any space, page frames, file offsets, offsets into RAM blocks.
 *
 * `rip`  `esp+0x20`  `cr3`  `idt`  `ffff ffff 8105 92eb`  `gpa:…`  `gva:…`  `pfn:1234`  `hva:…`  `file:0x1000`  `pc.ram+0x1000`
 */
import { formatAddress, parseAddress } from '#shared/address-text.ts';
import type { CpuView, GoToTarget } from '#shared/model/index.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { OpenedDump, OpenedRegion } from '../formats/format.ts';
import { PAGE_SIZE } from '../memory/extent-table.ts';

export interface ResolveContext {
  dump: OpenedDump;
  regions: readonly OpenedRegion[];
  fileSize: number;
  /** The CPU whose registers a bare name means; undefined when the dump has none. */
  cpu: CpuView | undefined;
  /** Whether virtual addresses can be walked at all. */
  hasTables: boolean;
  /** Inclusive. */
  virtualLast: bigint;
  /** Whether the dump knows host addresses. */
  hasHost: boolean;
}

const PREFIXED = /^(gpa|gva|hva|pfn|file|phys|virt|p|v)\s*:\s*(.+)$/i;
const WITH_OFFSET = /^(.+?)\s*([+-])\s*(?:0x)?([0-9a-f]+)$/i;
const MAX_TARGETS = 20;

export function resolveText(context: ResolveContext, text: string): GoToTarget[] {
  const wanted = text.trim();
  if (wanted === '') return [];
  const prefixed = PREFIXED.exec(wanted);
  if (prefixed) return withPrefix(context, prefixed[1]!.toLowerCase(), prefixed[2]!);
  const found = [...byName(context, wanted, 0n), ...withOffset(context, wanted), ...byNumber(context, wanted)];
  // A process's registers and blocks lead to its own addresses.
  const targets = context.dump.space === 'hva' ? found.map((target) => ({ ...target, space: 'hva' as const })) : found;
  const last = { gva: context.virtualLast, gpa: BigInt(PHYSICAL_LIMIT - 1) } as const;
  return targets.filter(({ space, address }) => address >= 0n && address <= (space === 'gva' ? last.gva : last.gpa)).slice(0, MAX_TARGETS);
}

function withPrefix(context: ResolveContext, prefix: string, rest: string): GoToTarget[] {
  const value = parseAddress(rest);
  if (value === undefined) return [];
  if (prefix === 'hva' || (context.dump.space === 'hva' && prefix !== 'file')) return context.hasHost ? hostVirtual(value) : [];
  switch (prefix) {
    case 'gva':
    case 'virt':
    case 'v':
      return value <= context.virtualLast ? [{ space: 'gva', address: value, title: 'guest-virtual address' }] : [];
    case 'pfn':
      return physical(value * BigInt(PAGE_SIZE), `page frame ${formatAddress(value)}`);
    case 'file':
      return value < BigInt(context.fileSize) ? [{ space: 'file', address: value, title: 'offset in the file' }] : [];
    default:
      return physical(value, 'guest-physical address');
  }
}

function hostVirtual(address: bigint): GoToTarget[] {
  return address < BigInt(PHYSICAL_LIMIT) ? [{ space: 'hva', address, title: 'host-virtual address' }] : [];
}

function physical(address: bigint, title: string): GoToTarget[] {
  return address < BigInt(PHYSICAL_LIMIT) ? [{ space: 'gpa', address, title }] : [];
}

function withOffset(context: ResolveContext, text: string): GoToTarget[] {
  const match = WITH_OFFSET.exec(text);
  if (!match) return [];
  const offset = BigInt(`0x${match[3]}`);
  return byName(context, match[1]!, match[2] === '-' ? -offset : offset);
}

/** Registers and RAM blocks. Registers that hold a physical address lead there. */
function byName({ cpu, dump, regions }: ResolveContext, name: string, offset: bigint): GoToTarget[] {
  const suffix = offset === 0n ? '' : ` ${offset < 0n ? '−' : '+'} ${formatAddress(offset < 0n ? -offset : offset)}`;
  const lower = name.toLowerCase().replace(/^[%$]/, '');
  const targets: GoToTarget[] = [];
  const named = (wanted: string) => cpu?.registers.find((candidate) => candidate.name === wanted);
  const register = named(lower) ?? named(otherSpelling(lower));
  if (register && cpu) {
    // A root's register keeps other things in its low bits: it leads to the table, not to its own value.
    const root = cpu.regimes.flatMap(({ tables }) => tables).find((table) => table.register.toLowerCase() === lower)?.root ?? null;
    const space = root === null ? (register.addressSpace ?? 'gva') : 'gpa';
    const address = root === null ? register.value : BigInt(root);
    targets.push({ space, address: address + offset, title: `${register.name.toUpperCase()} of CPU ${cpu.index}${suffix}` });
  }
  const segment = cpu?.segments.find((candidate) => candidate.name === lower);
  if (segment && cpu)
    targets.push({ space: 'gva', address: segment.base + offset, title: `base of ${lower.toUpperCase()} of CPU ${cpu.index}${suffix}` });
  const block = dump.blocks.findIndex((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  const within = Number(offset);
  for (const region of regions) {
    if (block < 0 || region.block !== block || within < region.blockOffset || within > region.blockOffset + region.last - region.start) continue;
    targets.push({ space: 'gpa', address: BigInt(region.start + within - region.blockOffset), title: `${dump.blocks[block]!.name}${suffix}` });
  }
  return targets;
}

/** x86's registers have a name by width: `eip` of a 64-bit CPU leads to RIP, `rip` of a 32-bit one to EIP. */
function otherSpelling(name: string): string {
  if (name.startsWith('e')) return `r${name.slice(1)}`;
  return name.startsWith('r') ? `e${name.slice(1)}` : name;
}

/** A bare number: virtual when it can only be that, else both, the likelier first. */
function byNumber({ dump, regions, hasTables }: ResolveContext, text: string): GoToTarget[] {
  const value = parseAddress(text);
  if (value === undefined) return [];
  if (dump.space === 'hva') return hostVirtual(value);
  const virtual: GoToTarget[] = hasTables ? [{ space: 'gva', address: value, title: 'guest-virtual address' }] : [];
  const inMemory = regions.some(({ start, last }) => value >= BigInt(start) && value <= BigInt(last));
  const targets = physical(value, inMemory ? 'guest-physical address' : 'guest-physical address, not in the dump');
  return [...virtual, ...targets];
}
