/**
 * Which blocks make up main memory, and in which order they lie. With NUMA nodes of their own backends there are several, concatenated in the order of
 * the nodes (QEMU hw/core/numa.c, numa_init_memdev_container); the stream lists blocks by size instead, the largest first and equal ones as they were
 * created (system/physmem.c, ram_block_add). What is not main memory was plugged in: memory-devices.ts.
 */
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { Evidence } from '#shared/model/memory.ts';
import { formatSize } from '#shared/address-text.ts';
import { nodeSizes, type Srat } from './acpi-srat.ts';
import { isMachinesOwn, listBlocks, memoryBlocks, plainName, type Block } from './block-kinds.ts';
import type { CmosMemory } from './cmos-memory.ts';
import type { MachineEvidence } from './machine-evidence.ts';

export interface MainMemory {
  /** In the order of addresses. */
  blocks: Block[];
  /** Bytes of all of them. */
  size: number;
  /** How sure the order is. */
  strength: Evidence['strength'];
  /** Why it is this order; empty for one block. */
  order: string;
  /** Blocks that were plugged in. */
  plugged: Block[];
  diagnostics: Diagnostic[];
}

/** As formats/qemu-stream names the block of a RAM section of version 3, which has no names. */
const FLAT_BLOCK = 'RAM (flat)';
/** Subsets are tried up to this many blocks. */
const MAX_SUBSET = 16;

const sum = (blocks: readonly { length: number }[]) => blocks.reduce((total, { length }) => total + length, 0);
const isNode = ({ name }: Block) => /^ram-node\d+$/.test(plainName(name));

export function findMainMemory(evidence: MachineEvidence, told: { cmos?: CmosMemory; srat?: Srat } = {}): MainMemory {
  const all = memoryBlocks(evidence).map((block) => withoutRoms(block, told.cmos));
  const chosen = choose(all, evidence, told);
  const main = new Set(chosen.blocks);
  const ordered = order(chosen.blocks, evidence, told.srat);
  const diagnostics = [...chosen.diagnostics];
  if (ordered.strength === 'guessed') {
    diagnostics.push({
      severity: 'suspect',
      code: 'several-main-blocks',
      message: `Main memory is made of ${chosen.blocks.length} blocks (${listBlocks(ordered.blocks)}); nothing in the dump tells their order.`,
      consequence: `They are laid out in this order: ${ordered.order}. Correct the map if walks end in missing tables.`,
    });
  }
  return { ...ordered, size: sum(ordered.blocks), plugged: all.filter((block) => !main.has(block)), diagnostics };
}

/** Streams of QEMU up to 0.12 have all memory as one block, ROMs and video memory after main memory. */
function withoutRoms(block: Block, cmos: CmosMemory | undefined): Block {
  return block.name === FLAT_BLOCK && cmos ? { ...block, length: Math.min(block.length, cmos.low + cmos.high) } : block;
}

/** Main memory among the blocks that can be it. */
function choose(
  all: readonly Block[],
  { domain }: MachineEvidence,
  { cmos, srat }: { cmos?: CmosMemory; srat?: Srat },
): { blocks: Block[]; diagnostics: Diagnostic[] } {
  const own = all.filter(isMachinesOwn);
  if (own.length > 0 || all.length <= 1) return { blocks: own.length > 0 ? own : [...all], diagnostics: [] };
  const devices = new Set(domain?.devices.flatMap(({ alias }) => (alias === undefined ? [] : `mem${alias}`)));
  const possible = all.filter(({ name }) => !devices.has(plainName(name)));
  if (possible.length === 1) return { blocks: possible, diagnostics: [] };

  const total = cmos
    ? { least: cmos.low + cmos.high, slack: 2 * cmos.unit }
    : srat && { least: sum(srat.memory.map(({ length }) => ({ length }))), slack: 2 ** 20 };
  const fits = (blocks: readonly Block[]) => {
    const size = sum(blocks);
    return total !== undefined && size >= total.least && size < total.least + total.slack;
  };
  const nodes = possible.filter(isNode);
  for (const candidate of [possible, nodes])
    if (candidate.length > 0 && (total ? fits(candidate) : candidate === nodes)) return { blocks: candidate, diagnostics: [] };
  const subsets = total ? fittingSubsets(possible, fits) : [];
  if (subsets.length === 1) return { blocks: subsets[0]!, diagnostics: [] };
  if (!total || subsets.length > 1) {
    const blocks = subsets[0] ?? possible;
    const consequence =
      subsets.length > 1
        ? `${listBlocks(subsets[1]!)} could be it as well. Check the map.`
        : 'All of them are taken for it. Correct the map where some were plugged in (DIMMs).';
    return {
      blocks,
      diagnostics: [
        {
          severity: 'suspect',
          code: 'main-memory-guessed',
          message: `${listBlocks(blocks)} are taken for main memory; nothing in the dump says so.`,
          consequence,
        },
      ],
    };
  }
  const message = `The blocks that can be main memory (${listBlocks(possible)}) have ${formatSize(sum(possible))}; ${cmos?.proof ?? 'the ACPI table SRAT'} says ${formatSize(total.least)}.`;
  return { blocks: possible, diagnostics: [{ severity: 'suspect', code: 'main-memory-size', message, consequence: 'The map may be wrong.' }] };
}

/** At most two, of which the first takes the earliest blocks. */
function fittingSubsets(blocks: readonly Block[], fits: (blocks: readonly Block[]) => boolean): Block[][] {
  const found: Block[][] = [];
  if (blocks.length > MAX_SUBSET) return found;
  for (let bits = 1; bits < 2 ** blocks.length && found.length < 2; bits++) {
    const subset = blocks.filter((_block, index) => (bits >> index) & 1);
    if (fits(subset)) found.push(subset);
  }
  return found;
}

type Ordered = Pick<MainMemory, 'blocks' | 'strength' | 'order'>;

function order(blocks: readonly Block[], { domain }: MachineEvidence, srat: Srat | undefined): Ordered {
  if (blocks.length <= 1) return { blocks: [...blocks], strength: 'derived', order: '' };
  return byOffset(blocks) ?? byNodeSizes(blocks, srat) ?? byDomain(blocks, domain) ?? byName(blocks);
}

/** x-ignore-shared: each block's offset in main memory. */
function byOffset(blocks: readonly Block[]): Ordered | undefined {
  const sorted = [...blocks].sort((a, b) => (a.containerOffset ?? 0) - (b.containerOffset ?? 0));
  let at = 0;
  for (const { containerOffset, length } of sorted) {
    if (containerOffset !== at) return undefined;
    at += length;
  }
  return { blocks: sorted, strength: 'proven', order: "by the offsets in the stream's list of blocks (x-ignore-shared)" };
}

/** Sizes of nodes out of the ACPI table; equal ones say nothing of each other. */
function byNodeSizes(blocks: readonly Block[], srat: Srat | undefined): Ordered | undefined {
  const sizes = srat ? nodeSizes(srat) : [];
  if (new Set(sizes).size !== sizes.length || sizes.length !== blocks.length) return undefined;
  const sorted = sizes.map((size) => blocks.find(({ length }) => length === size));
  if (!sorted.every((block) => block !== undefined)) return undefined;
  return {
    blocks: sorted,
    strength: 'proven',
    order: 'as NUMA nodes of these sizes follow each other in the ACPI table SRAT (block /rom@etc/acpi/tables)',
  };
}

/** libvirt calls the backend of cell N ram-nodeN. */
function byDomain(blocks: readonly Block[], domain: MachineEvidence['domain']): Ordered | undefined {
  const cells = domain?.cells ?? [];
  if (cells.length !== blocks.length) return undefined;
  const named = new Map(blocks.map((block) => [plainName(block.name), block]));
  const sorted = cells.map(({ id, memory }) => {
    const block = named.get(`ram-node${id}`);
    return block?.length === memory ? block : undefined;
  });
  if (!sorted.every((block) => block !== undefined) || new Set(sorted).size !== blocks.length) return undefined;
  return { blocks: sorted, strength: 'derived', order: "as libvirt's XML has them in domain/cpu/numa/cell" };
}

/** By number where the names differ in a number alone, else as the stream has them. */
function byName(blocks: readonly Block[]): Ordered {
  const stems = new Set(blocks.map(({ name }) => name.replace(/\d+$/, '')));
  const numbered = stems.size === 1 && blocks.every(({ name }) => /\d$/.test(name));
  const sorted = numbered ? [...blocks].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })) : [...blocks];
  const other = listBlocks([...sorted].reverse());
  const how = numbered ? 'by number' : "as in the stream's list, which has the largest first and equal ones as they were created";
  return { blocks: sorted, strength: 'guessed', order: `${how}; ${other} would be possible as well` };
}
