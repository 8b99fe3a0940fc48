/**
 * The walk stepper: one step per table, as data, for everything that shows or explains a translation. `Translator` gives the same
 * answers without the explanations (tests/engine/translate/agreement.test.ts).
 *
 * Three ends are kept apart: an entry that is not present (the guest says that nothing is mapped), a table that the dump does not hold
 * (nobody can say), and a page that is mapped but not in the dump (a result of kind `page` whose `state` is not `present`).
 *
 * With two stages of translation (PagingOptions.below) each entry's address, and the one that the first stage ends at, has a walk of its own through the second: with 4 levels
 * in both 24 entries are read. A fault of the second stage carries that walk.
 */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { PagingLevel, StepConclusion, Walk, WalkResult, WalkStep } from '#shared/model/index.ts';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import {
  ENTRY_NOT_PRESENT,
  ENTRY_RESERVED,
  ENTRY_TABLE,
  RIGHTS_ALL,
  alignRoot,
  entryHigh,
  entryLow,
  indexOf,
  nextLevel,
  nonCanonicalReason,
  readEntry,
  rightsOf,
  viewOfMode,
  type PagingMode,
  type PagingOptions,
  type StageTable,
} from './paging-mode.ts';
import { absoluteOf, prefixSentence, unsplitSize } from './prefixing.ts';
import { Translator } from './translator.ts';
import {
  addressWord,
  belowFaultSentence,
  outsideTableSentence,
  pageSentence,
  pageStateSentence,
  resultWord,
  tableMissingSentence,
  type AddressWord,
} from './walk-sentences.ts';

/**
 * Walks one address from `root` (GPA of the top table; bits below the table alignment, which CR3 uses for other things, do not count).
 * At most as many steps as the mode has levels. A null root or an impossible address makes no step at all.
 */
export function* walk(
  memory: PhysicalMemory,
  mode: PagingMode,
  root: number | null,
  address: bigint,
  options: PagingOptions = {},
): Generator<WalkStep, WalkResult, undefined> {
  const impossible = nonCanonicalReason(mode, address);
  if (impossible !== undefined) return { kind: 'fault', reason: 'non-canonical', sentence: impossible };
  if (mode.levels.length === 0) return identity(memory, address, { mode, options });
  if (root === null)
    return { kind: 'fault', reason: 'no-root', sentence: 'The dump does not hold the register that says where the page tables are.' };
  if (options.lookup) return yield* options.lookup.walk(memory, address);
  const noExecuteOff = options.noExecuteOff === true;
  const word = addressWord(mode, options);
  const prefix = options.prefix ?? 0;
  let table = alignRoot(mode, root);
  let rights = RIGHTS_ALL;
  let range = options.topRange;
  let current = mode.levels[0];
  for (let depth = 0; current !== undefined; depth++) {
    const level: PagingLevel = current;
    const begun = beginStep(mode, level, table, address);
    if (range !== undefined && (begun.index < range.first || begun.index > range.last)) {
      const sentence = outsideTableSentence(begun, range, mode.format.outsideConsequence?.(level.level));
      yield { ...begun, conclusion: { kind: 'outside-table', ...range }, sentence };
      return { kind: 'fault', reason: 'outside-table', sentence };
    }
    const below = options.below && walkBelow(memory, options.below, begun.entryAddress);
    const step = below ? { ...begun, below } : begun;
    const place = `${level.name}[${step.index}]`;
    if (options.below && below?.result.kind === 'fault') {
      const sentence = belowFaultSentence(place, { word, address: step.entryAddress }, options.below, below.result);
      yield { ...step, conclusion: { kind: 'below-fault' }, sentence };
      return { kind: 'fault', reason: below.result.reason, below, sentence };
    }
    const entryAt = below?.result.kind === 'page' ? below.result.physical : step.entryAddress;
    if (!readEntry(memory, mode, entryAt)) {
      const state = memory.stateAt(entryAt);
      const sentence = tableMissingSentence(step, state, word);
      yield { ...step, conclusion: { kind: 'table-missing', state }, sentence };
      return { kind: 'fault', reason: 'table-missing', sentence };
    }
    const low = entryLow(memory, mode, entryAt);
    const high = entryHigh(memory, mode);
    const entry = (BigInt(high) << 32n) | BigInt(low);
    const kind = mode.format.kind(level.level, low, high, noExecuteOff);
    const flags = mode.format.fields(level.level, entry, kind, noExecuteOff);
    const read = { ...step, entry, flags };

    if (kind === ENTRY_NOT_PRESENT) {
      const note = mode.format.notPresentNote(level.level, entry);
      const reason = mode.format.notPresentReason?.(level.level, entry) ?? 'bit 0 (P) is clear';
      const sentence = `${place} is not present: ${reason}${note === undefined ? '' : `; ${note}`}.`;
      yield { ...read, conclusion: { kind: 'not-present', ...(note === undefined ? {} : { note }) }, sentence };
      return { kind: 'fault', reason: 'not-present', sentence };
    }
    if (kind === ENTRY_RESERVED) {
      const bits = mode.format.reservedBits(level.level, low, high, noExecuteOff);
      const names = bits.map((bit) => mode.format.bitName(level.level, bit)).join(', ');
      const consequence = mode.format.reservedConsequence ?? 'the CPU raises a page fault (reserved bit)';
      const wrong = mode.format.reservedReason?.(level.level, entry);
      const sentence = wrong === undefined ? `${place} is present, but ${names} must be 0 here: ${consequence}.` : `${place} ${wrong}.`;
      yield { ...read, conclusion: { kind: 'reserved', bits }, sentence };
      return { kind: 'fault', reason: 'reserved-bit', sentence };
    }

    const given = mode.format.rights(low, high, level.level, noExecuteOff);
    const leading = { ...read, allows: rightsOf(given) };
    rights &= given;
    const target = mode.format.target(level.level, low, high, kind);
    if (kind === ENTRY_TABLE) {
      const next = nextLevel(mode, depth, level, low, high);
      if (next === undefined) throw new Error(`assertion failed: ${place} points to a table below the last level`);
      yield {
        ...leading,
        conclusion: { kind: 'table', next: target },
        sentence: `${place} points to the ${next.name} at ${word} ${formatAddress(target)}.`,
      };
      table = target;
      range = unpackRange(mode.format.nextRange?.(level.level, low, high));
      current = next;
      continue;
    }
    const pageShift = mode.format.pageShift?.(level.level, low, high) ?? level.shift;
    const real = target + Number(BigInt.asUintN(pageShift, address));
    const physical = absoluteOf(real, prefix);
    const pageSize = unsplitSize(real, 2 ** pageShift, prefix);
    const pageStart = physical - (physical % pageSize);
    const conclusion: StepConclusion = { kind: 'page', physical, pageStart, pageSize };
    const reason = mode.format.pageReason(level.level);
    yield {
      ...leading,
      conclusion,
      sentence: `${place} maps a ${formatSize(2 ** pageShift)} page at ${prefix === 0 ? word : 'real address'} ${formatAddress(target)}; ${reason}.`,
    };
    const names = mode.format.flagNames(level.level, low, high, kind);
    const page = { physical, pageStart, pageSize, flags: names, rights };
    return pageResult(memory, address, page, { mode, options }, prefixSentence(real, prefix));
  }
  throw new Error(`assertion failed: no level of ${mode.title} ends a walk`);
}

/** A whole walk. `rootSource` says where the root comes from: "CR3 of CPU 0". */
export function collectWalk(
  memory: PhysicalMemory,
  mode: PagingMode,
  root: number | null,
  rootSource: string,
  address: bigint,
  options: PagingOptions = {},
): Walk {
  const steps: WalkStep[] = [];
  const generator = walk(memory, mode, root, address, options);
  let next = generator.next();
  while (next.done !== true) {
    steps.push(next.value);
    next = generator.next();
  }
  return { address, mode: viewOfMode(mode), root: root === null ? null : alignRoot(mode, root), rootSource, steps, result: next.value };
}

/** What EntryFormat.nextRange gives, unpacked. */
function unpackRange(packed: number | undefined): { first: number; last: number } | undefined {
  return packed === undefined ? undefined : { first: packed >>> 16, last: packed & 0xffff };
}

/** The part of a step that is known before its entry is read. */
function beginStep(mode: PagingMode, level: PagingLevel, table: number, address: bigint): Omit<WalkStep, 'conclusion' | 'sentence'> {
  const index = indexOf(level, address);
  return {
    level: level.level,
    levelName: level.name,
    table,
    index,
    indexHighBit: level.shift + level.bits - 1,
    indexLowBit: level.shift,
    entryAddress: table + index * mode.entrySize,
    entry: null,
    flags: [],
  };
}

interface PageFacts {
  physical: number;
  pageStart: number;
  pageSize: number;
  flags: string[];
  /** RIGHT_… bits. */
  rights: number;
}

type Stage = Pick<StageTable, 'mode' | 'options'>;

/** `remark`: see prefixSentence. */
function pageResult(memory: PhysicalMemory, address: bigint, page: PageFacts, stage: Stage, remark: string): WalkResult {
  const { below } = stage.options;
  if (below) return throughBelow(memory, address, page, addressWord(stage.mode, stage.options), below);
  const { rights, ...place } = page;
  const facts = { ...place, effective: rightsOf(rights) };
  const state = memory.stateAt(facts.physical);
  const sentence = `${pageSentence(address, facts, resultWord(stage.mode, stage.options))}${remark}${pageStateSentence(state)}`;
  return { kind: 'page', ...facts, state, sentence };
}

/** From the page that the first stage gives to the one that the second gives for it: the smaller of both, with the rights that both give. */
function throughBelow(memory: PhysicalMemory, address: bigint, page: PageFacts, word: AddressWord, stageBelow: StageTable): WalkResult {
  const below = walkBelow(memory, stageBelow, page.physical);
  const { result } = below;
  const between = { word, address: page.physical };
  if (result.kind === 'fault') {
    const sentence = belowFaultSentence(formatAddress(address), between, stageBelow, result);
    return { kind: 'fault', reason: result.reason, below, sentence };
  }
  const { physical, state } = result;
  const pageSize = Math.min(page.pageSize, result.pageSize);
  // By bits, which a walk does not tell: user mode and kernel mode may have an execute right each.
  const translator = new Translator(memory, stageBelow.mode, stageBelow.root, stageBelow.options);
  translator.translateNumber(page.physical);
  const effective = rightsOf(page.rights & translator.rights);
  const facts = { physical, pageStart: physical - (physical % pageSize), pageSize, flags: page.flags, effective };
  const sentence = pageSentence(address, facts, resultWord(stageBelow.mode, stageBelow.options), between);
  return { kind: 'page', ...facts, below, state, sentence: `${sentence}${pageStateSentence(state)}` };
}

function walkBelow(memory: PhysicalMemory, { mode, root, source, options }: StageTable, address: number): Walk {
  return collectWalk(memory, mode, root, source, BigInt(address), options);
}

function identity(memory: PhysicalMemory, address: bigint, { mode, options }: Stage): WalkResult {
  const { below: stageBelow, prefix = 0 } = options;
  const real = Number(address);
  const physical = absoluteOf(real, prefix);
  if (stageBelow) {
    const everything = { physical, pageStart: 0, pageSize: Infinity, flags: [], rights: RIGHTS_ALL };
    return throughBelow(memory, address, everything, addressWord(mode, options), stageBelow);
  }
  const everything = rightsOf(RIGHTS_ALL);
  const state = memory.stateAt(physical);
  const itself = prefix === 0 ? 'the physical address itself' : 'a real address itself';
  const sentence = `Paging is off: ${formatAddress(address)} is ${itself}.${prefixSentence(real, prefix)}${pageStateSentence(state)}`;
  return { kind: 'page', physical, pageStart: physical - (physical % 4096), pageSize: 4096, flags: [], effective: everything, state, sentence };
}
