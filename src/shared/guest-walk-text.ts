/** A guest's address through all spaces, in the form that crash's users know: addresses, then each road's tables, flags in words, the area, the page. */
import { formatAddress, formatSize } from './address-text.ts';
import type { BitField, GuestWalk, LinuxArea, LinuxPage, Memslot, Walk, WalkStep } from './model/index.ts';
import { textPairs, textTable } from './text-table.ts';

const right = 'right' as const;
/** Linux's names of the levels of x86's tables. */
const LEVELS: Readonly<Record<string, string>> = { PDPT: 'PUD', PD: 'PMD', PT: 'PTE' };
const FLAGS: Readonly<Record<string, string>> = {
  P: 'PRESENT',
  US: 'USER',
  A: 'ACCESSED',
  D: 'DIRTY',
  PS: 'PSE',
  G: 'GLOBAL',
  HW: 'HOST-WRITABLE',
  MW: 'MMU-WRITABLE',
  MEM: 'MMU-PRESENT',
};

/** A sentence that names an entry as the manuals do, "PD[511]", with the name that the table above it has. */
const inLinuxTerms = (sentence: string): string => sentence.replace(/\b(PDPT|PD|PT)\[/g, (_, level: string) => `${LEVELS[level]}[`);

export function guestWalkText(walk: GuestWalk): string {
  const { guest, host, nested, agreement, twoDimensional, memslot, area, page } = walk;
  const parts = [
    addressesText(walk),
    guest && roadText("GUEST'S TABLES", guest),
    memslot && `MEMSLOT: ${memslotText(memslot)}`,
    host && roadText("PROCESS'S TABLES", host),
    nested && roadText('NESTED TABLES', nested),
    agreement && `AGREEMENT: ${inLinuxTerms(agreement.sentence)}`,
    area && areaText(area),
    page && pageText(page),
    twoDimensional && twoDimensionalText(twoDimensional),
  ];
  return parts.filter((part) => typeof part === 'string').join('\n\n');
}

/** "slot 5, GPA 0x100000 to 0x6ffffff, at HVA 0x7f…, readonly" */
export function memslotText({ addressSpace, id, baseGfn, npages, userspaceAddr, flags }: Memslot): string {
  const last = (baseGfn + npages) * 4096 - 1;
  const space = addressSpace === 0 ? '' : ` of address space ${addressSpace}`;
  return [
    `slot ${id}${space}, GPA ${formatAddress(baseGfn * 4096)} to ${formatAddress(last)}, at HVA ${formatAddress(userspaceAddr)}`,
    ...flags,
  ].join(', ');
}

function addressesText({ space, address, gpa, hva, hpa, fileOffset }: GuestWalk): string {
  const cell = (value: bigint | number | null) => (value === null ? '-' : formatAddress(value));
  const columns: [string, string][] = [
    ...(space === 'gva' ? ([['GUEST VIRTUAL', formatAddress(address)]] satisfies [string, string][]) : []),
    ['GUEST PHYSICAL', cell(gpa)],
    ['HOST VIRTUAL', cell(hva)],
    ['HOST PHYSICAL', cell(hpa)],
    ['FILE OFFSET', cell(fileOffset)],
  ];
  return textTable(
    columns.map(([title]) => ({ title, align: right })),
    [columns.map(([, value]) => value)],
  );
}

/** The tables of one road, each entry where it stands; then the last entry with its flags, or why the road ends. */
function roadText(title: string, { root, rootSource, steps, result }: Walk): string {
  const lines = steps.map(({ levelName, entryAddress, entry }): [string, string] => [
    `${LEVELS[levelName] ?? levelName}:`.padStart(7),
    `${formatAddress(entryAddress)} => ${entry === null ? 'not in the dump' : formatAddress(entry)}`,
  ]);
  const head = `${title}: ${root === null ? 'root unknown' : formatAddress(root)} (${rootSource})`;
  if (result.kind === 'fault') return [head, textPairs(lines), inLinuxTerms(result.sentence)].join('\n');
  const { physical, pageStart, pageSize } = result;
  lines.push(['PAGE:'.padStart(7), `${formatAddress(pageStart)}  (${formatSize(pageSize)})`]);
  const last = steps.at(-1);
  const table = textTable(
    [
      { title: last?.levelName === 'PT' || !last ? 'PTE' : (LEVELS[last.levelName] ?? last.levelName), align: right },
      { title: 'PHYSICAL', align: right },
      { title: 'FLAGS' },
    ],
    [[last?.entry === null || !last ? '-' : formatAddress(last.entry), formatAddress(physical), `(${last ? wordsOf(last.flags) : ''})`]],
  );
  return [head, textPairs(lines), table].join('\n');
}

function wordsOf(fields: readonly BitField[]): string {
  const set = fields.filter(({ name, width, value }) => width === 1 && value === 1n && name !== 'ignored' && name !== 'AVL');
  return set.map(({ name }) => FLAGS[name] ?? name).join('|');
}

function areaText({ start, last, access, offset, name, flags }: LinuxArea): string {
  const row = [formatAddress(start), formatAddress(last + 1n), access, formatAddress(offset), flags.join(' '), name ?? '[anonymous]'];
  const titles = ['START', 'END', 'ACCESS', 'OFFSET', 'FLAGS', 'FILE'];
  return `VMA\n${textTable(
    titles.map((title, index) => ({ title, ...(index < 2 || index === 3 ? { align: right } : {}) })),
    [row],
  )}`;
}

function pageText({ pfn, address, references, mappings, flags, use, size }: LinuxPage): string {
  const row = [
    formatAddress(address),
    formatAddress(pfn * 4096),
    `${references}`,
    mappings === null ? '-' : `${mappings}`,
    formatSize(size),
    flags.join(',') || '-',
    use,
  ];
  const titles = ['PAGE', 'PHYSICAL', 'CNT', 'MAPPED', 'SIZE', 'FLAGS', 'USE'];
  return textTable(
    titles.map((title, index) => ({ title, ...(index < 5 ? { align: right } : {}) })),
    [row],
  );
}

/** Every access of the walk that the CPU does, in its order: the nested tables for each of the guest's, and for the page. */
function twoDimensionalText(walk: Walk): string {
  const rows = accessesOf(walk).map(({ stage, step, of }, index) => [
    `${index + 1}`,
    stage === 'guest' ? (LEVELS[step.levelName] ?? step.levelName) : `  ${LEVELS[step.levelName] ?? step.levelName}`,
    stage,
    of,
    formatAddress(step.below?.result.kind === 'page' ? step.below.result.physical : step.entryAddress),
    step.entry === null ? 'not in the dump' : formatAddress(step.entry),
    wordsOf(step.flags),
  ]);
  const end = inLinuxTerms(walk.result.sentence);
  const table = textTable(
    [
      { title: '#', align: right },
      { title: 'LEVEL' },
      { title: 'TABLES' },
      { title: 'FOR', align: right },
      { title: 'ENTRY AT (HPA)', align: right },
      { title: 'ENTRY', align: right },
      { title: 'FLAGS' },
    ],
    rows,
  );
  return `TWO-DIMENSIONAL WALK: ${rows.length} accesses\n${table}\n${end}`;
}

interface Access {
  stage: 'guest' | 'nested';
  step: WalkStep;
  /** The address that this access serves: the GVA, or a GPA. */
  of: string;
}

function accessesOf({ address, steps, result }: Walk): Access[] {
  const nested = (below: Walk | undefined): Access[] =>
    below?.steps.map((step): Access => ({ stage: 'nested', step, of: `GPA ${formatAddress(below.address)}` })) ?? [];
  // The walk that a fault carries is that of the last step's entry, when it is there already.
  const last = result.kind === 'fault' && steps.at(-1)?.conclusion.kind === 'below-fault' ? undefined : result.below;
  return [
    ...steps.flatMap((step) => [
      ...nested(step.below),
      ...(step.entry === null ? [] : [{ stage: 'guest', step, of: `GVA ${formatAddress(address)}` } satisfies Access]),
    ]),
    ...nested(last),
  ];
}
