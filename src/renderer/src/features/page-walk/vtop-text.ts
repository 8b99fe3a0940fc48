/**
 * A walk as text, in the shape of crash's `vtop`, so that it can be pasted beside crash's own answer.
 *
 * Facts: the output of crash 8.0.2 on the lab's Linux guests, which tests/renderer/page-walk/vtop-text.test.ts compares line by line.
 * Different here: `PGD DIRECTORY` is the root's physical address (crash prints the kernel's virtual address of the table it starts from, which a dump
 * without symbols does not tell), and a walk that ends early says why. Not printed: the lines on the VMA and the struct page, which need symbols.
 */
import type { Walk, WalkStep } from '#shared/model/index.ts';

/** crash's names of the levels, from the lowest up; the top one is always PGD. */
const LEVEL_NAMES = ['PTE', 'PMD', 'PUD', 'P4D'];

const FLAG_BITS: readonly [bit: number, name: string][] = [
  [0, 'PRESENT'],
  [1, 'RW'],
  [2, 'USER'],
  [3, 'PWT'],
  [4, 'PCD'],
  [5, 'ACCESSED'],
  [6, 'DIRTY'],
  [7, 'PSE'],
  [8, 'GLOBAL'],
  [63, 'NX'],
];

const PAGE_SIZES: Record<number, string> = { [2 ** 21]: '  (2MB)', [2 ** 22]: '  (4MB)', [2 ** 30]: '  (1GB)' };

const hex = (value: bigint | number): string => value.toString(16);

/** crash centres values in their columns; an odd space goes before the value, and after a heading. */
function centre(text: string, width: number, odd: 'before' | 'after'): string {
  const room = Math.max(0, width - text.length);
  const before = odd === 'before' ? Math.ceil(room / 2) : Math.floor(room / 2);
  return ' '.repeat(before) + text + ' '.repeat(room - before);
}

/** `(PRESENT|RW|…)`, as crash prints the flags of a leaf entry; bit 7 of a PTE (PAT) is printed as PSE there and here. */
export function vtopFlags(entry: bigint): string {
  const names = FLAG_BITS.filter(([bit]) => (entry >> BigInt(bit)) & 1n).map(([, name]) => name);
  return `(${names.join('|')})`;
}

function stepLine(step: WalkStep, top: number, kernel: boolean): string {
  if (step.entry === null)
    return `   ${step.level === top ? 'PGD' : (LEVEL_NAMES[step.level - 1] ?? '')}: ${hex(step.entryAddress)} => (not in the dump)`;
  if (step.level === top && kernel) return `PAGE DIRECTORY: ${hex(step.entry)}`;
  return `   ${step.level === top ? 'PGD' : (LEVEL_NAMES[step.level - 1] ?? '')}: ${hex(step.entryAddress)} => ${hex(step.entry)}`;
}

function leafTable(entry: bigint, pageStart: number): string[] {
  const raw = hex(entry);
  const page = hex(pageStart);
  const widths = [Math.max(raw.length, 3), Math.max(page.length, 8)] as const;
  return [
    `${centre('PTE', widths[0], 'after')}  ${centre('PHYSICAL', widths[1], 'after')}  FLAGS`,
    `${centre(raw, widths[0], 'before')}  ${centre(page, widths[1], 'before')}  ${vtopFlags(entry)}`,
  ];
}

/** True of walks whose form is compared with crash's: those of x86, of one stage. */
export const hasVtop = ({ mode, result, steps }: Walk): boolean => /^x86-/.test(mode.id) && !result.below && steps.every(({ below }) => !below);

/** Of a walk that `hasVtop`. Lines end with `\n`. */
export function vtopText(walk: Walk): string {
  const virtual = hex(walk.address);
  const column = Math.max(virtual.length, 'VIRTUAL'.length);
  const physical = walk.result.kind === 'page' ? hex(walk.result.physical) : '(not mapped)';
  const kernel = walk.address >> 63n === 1n;
  const top = walk.mode.levels[0]?.level ?? 0;
  const lines = [`${'VIRTUAL'.padEnd(column)}  PHYSICAL`, `${virtual.padEnd(column)}  ${physical}`, ''];
  if (walk.root !== null) lines.push(`PGD DIRECTORY: ${hex(walk.root)}`);
  for (const step of walk.steps) lines.push(stepLine(step, top, kernel));
  const leaf = walk.steps.at(-1)?.entry;
  if (walk.result.kind === 'page' && typeof leaf === 'bigint') {
    lines.push(`  PAGE: ${hex(walk.result.pageStart)}${PAGE_SIZES[walk.result.pageSize] ?? ''}`, '', ...leafTable(leaf, walk.result.pageStart));
  } else {
    lines.push('', walk.result.sentence);
  }
  return `${lines.join('\n')}\n`;
}
