/**
 * A guest's address followed to the host, as text in the form of crash's `vtop` (and of its extension qemu-vtop): the addresses under their names, the entries of each walk, the
 * flags of the last entry in words, the area of QEMU's memory, the page.
 *
 * Facts: the layout of crash 8.0.2's vtop, see page-walk/vtop-text.ts. crash prints one walk; here each has a heading.
 */
import type { GuestWalk, LinuxArea, LinuxPage, Memslot, Walk, WalkStep } from '#shared/model/index.ts';
import { placeOf } from '../page-walk/walk-stops.ts';
import { vtopFlags } from '../page-walk/vtop-text.ts';
import { firstGpa, flagWords, lastGpa } from './slot-order.ts';

const hex = (value: bigint | number): string => value.toString(16);

/** Headings and values below each other, two spaces between columns. */
function columns(cells: readonly (readonly [heading: string, value: string])[]): string[] {
  const widths = cells.map(([heading, value]) => Math.max(heading.length, value.length));
  const line = (at: 0 | 1): string =>
    cells
      .map((cell, column) => cell[at].padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  return [line(0), line(1)];
}

/** Names that crash gives the levels of 4-level x86 tables, by level. */
const LEVELS = ['PTE', 'PMD', 'PUD', 'PML', 'PML5'];

function stepLine(step: WalkStep, x86: boolean): string {
  const name = (x86 ? LEVELS[step.level - 1] : undefined) ?? placeOf(step);
  return `${name.padStart(6)}: ${hex(step.entryAddress)} => ${step.entry === null ? '(not in the dump)' : hex(step.entry)}`;
}

function walkLines(title: string, walk: Walk, x86: boolean): string[] {
  const { root, steps, result } = walk;
  const last = steps.at(-1)?.entry;
  const lines = [`${title}${root === null ? '' : `, ROOT ${hex(root)}`}`, ...steps.map((step) => stepLine(step, x86))];
  if (result.kind === 'fault') return [...lines, `   ${result.sentence}`];
  const flags = x86 && typeof last === 'bigint' ? vtopFlags(last) : `(${result.flags.join('|')})`;
  return [
    ...lines,
    `  PAGE: ${hex(result.pageStart)}`,
    '',
    ...columns([
      ['PTE', typeof last === 'bigint' ? hex(last) : ''],
      ['PHYSICAL', hex(result.pageStart)],
      ['FLAGS', flags],
    ]),
  ];
}

function slotLines(slot: Memslot): string[] {
  return columns([
    ['MEMSLOT', `${slot.addressSpace}:${slot.id}`],
    ['GUEST PHYSICAL', `${hex(firstGpa(slot))}-${hex(lastGpa(slot))}`],
    ['HOST VIRTUAL', hex(slot.userspaceAddr)],
    ['FLAGS', flagWords(slot) || '-'],
  ]);
}

function areaLines({ start, last, access, flags, name }: LinuxArea): string[] {
  return columns([
    ['VMA', access],
    ['START', hex(start)],
    ['END', hex(last + 1n)],
    ['FLAGS', flags.join('|') || '-'],
    ['FILE', name ?? ''],
  ]);
}

function pageLines({ address, pfn, references, mappings, use, flags }: LinuxPage): string[] {
  return columns([
    ['PAGE', hex(address)],
    ['PHYSICAL', hex(pfn * 4096)],
    ['CNT', String(references)],
    ['MAPS', mappings === null ? '-' : String(mappings)],
    ['USE', use || '-'],
    ['FLAGS', flags.join(',') || '-'],
  ]);
}

/** Lines end with `\n`. */
export function crashForm(walk: GuestWalk): string {
  const { space, address, guest, gpa, memslot, hva, area, host, hpa, page, nested, agreement } = walk;
  const known = (value: bigint | number | null, why: string): string => (value === null ? why : hex(value));
  const head: [string, string][] = [];
  if (space === 'gva') head.push(['GUEST VIRTUAL', hex(address)]);
  if (space !== 'hva' || gpa !== null) head.push(['GUEST PHYSICAL', known(gpa, '(not mapped)')]);
  head.push(['HOST VIRTUAL', known(hva, '(no memslot)')], ['HOST PHYSICAL', known(hpa, '(not mapped)')]);
  const x86 = ({ mode }: Walk): boolean => /^x86-/.test(mode.id);
  const parts = [
    columns(head),
    ...(guest ? [walkLines('GUEST PAGE TABLES', guest, x86(guest))] : []),
    ...(memslot ? [slotLines(memslot)] : []),
    ...(host ? [walkLines('HOST PAGE TABLES', host, x86(host))] : []),
    ...(area ? [areaLines(area)] : []),
    ...(page ? [pageLines(page)] : []),
    ...(nested ? [walkLines('NESTED PAGE TABLES', nested, x86(nested))] : []),
    ...(agreement ? [[agreement.sentence]] : []),
  ];
  return parts.map((lines) => `${lines.join('\n')}\n`).join('\n');
}
