/** Names of the set flags of an AArch64 descriptor, lowest bit first; the fields are in descriptor-fields.ts. */
import { ENTRY_NOT_PRESENT, ENTRY_PAGE, type EntryKind } from '#engine/translate/paging-mode.ts';
import type { DescriptorForm, DescriptorUse } from './descriptor.ts';

type Flag = readonly [bit: number, name: string];

const LEAF: readonly Flag[] = [
  [5, 'NS'],
  [6, 'AP[1]'],
  [7, 'AP[2]'],
  [10, 'AF'],
  [11, 'nG'],
  [50, 'GP'],
  [51, 'DBM'],
  [52, 'Contiguous'],
  [53, 'PXN'],
  [54, 'UXN'],
];
const LEAF_ONE: readonly Flag[] = LEAF.flatMap(([bit, name]): Flag[] =>
  bit === 6 || bit === 11 || bit === 53 ? [] : [[bit, bit === 54 ? 'XN' : name]],
);
const shortName = ([bit, name]: Flag): Flag => [bit, name.replace('UXN', 'XN')];
const LEAF_STAGE_2: readonly Flag[] = [
  [6, 'S2AP[0]'],
  [7, 'S2AP[1]'],
  [10, 'AF'],
  [51, 'DBM'],
  [52, 'Contiguous'],
  [53, 'XN[0]'],
  [54, 'XN[1]'],
];
const TABLE: readonly Flag[] = [
  [59, 'PXNTable'],
  [60, 'UXNTable'],
  [61, 'APTable[0]'],
  [62, 'APTable[1]'],
  [63, 'NSTable'],
];
const TABLE_ONE: readonly Flag[] = [
  [60, 'XNTable'],
  [62, 'APTable[1]'],
  [63, 'NSTable'],
];

const LISTS: Readonly<Record<DescriptorUse, readonly [leaf: readonly Flag[], table: readonly Flag[]]>> = {
  two: [LEAF, TABLE],
  one: [LEAF_ONE, TABLE_ONE],
  aarch32: [LEAF.map(shortName), TABLE.map(shortName)],
  'stage-2': [LEAF_STAGE_2, []],
};

function listOf({ use }: DescriptorForm, kind: EntryKind): readonly Flag[] {
  const [leaf, table] = LISTS[use];
  return kind === ENTRY_PAGE ? leaf : table;
}

export function flagNamesOf(form: DescriptorForm, low: number, high: number, kind: EntryKind): string[] {
  if (kind === ENTRY_NOT_PRESENT) return [];
  return listOf(form, kind)
    .filter(([bit]) => ((bit < 32 ? low >>> bit : high >>> (bit - 32)) & 1) !== 0)
    .map(([, name]) => name);
}
