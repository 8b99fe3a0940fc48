/** A walk as an SVG file that stands alone: the drawing of the page with its own colours (light), fonts by family name, and the walk's sentences as its description. */
import { formatAddress, formatSize, groupedHex } from '#shared/address-text.ts';
import type { PageTableView, PagingModeView, Walk, WalkStep } from '#shared/model/index.ts';
import { shortBinary, wrongWords } from './address-fields.ts';
import { LOOKS, rightsFlags, tableWindow } from './table-rows.ts';
import { rootTitle } from './root-title.ts';
import { HEADER_HEIGHT, layoutWalk, ROW_HEIGHT, type ColumnBox, type Rect, type WalkLayout } from './walk-layout.ts';
import { resultTitle, walkStops } from './walk-stops.ts';

const INK = '#171b21';
const MUTED = '#4d5763';
const LINE = '#868f9b';
const VIRTUAL = '#6b3fc0';
const PHYSICAL = '#0a6767';
const CHOSEN = '#dbe7fb';
const GOOD = '#1a6b3c';
const BAD = '#b3261e';
const MARGIN = 24;
const TITLE = 52;
const WIDTH = 1460;
const ROWS = 7;

export function escapeXml(text: string): string {
  // Control characters other than tab and newline are not allowed in XML at all.
  return text.replace(/[\u0000-\u0008\u000b-\u001f]/g, '�').replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

interface TextStyle {
  size?: number;
  fill?: string;
  bold?: boolean;
  words?: boolean;
  end?: boolean;
}

function text(x: number, y: number, content: string, { size = 11, fill = INK, bold, words, end }: TextStyle = {}): string {
  const attributes = [`x="${x}" y="${y}" font-size="${size}" fill="${fill}"`, bold ? 'font-weight="600"' : '', end ? 'text-anchor="end"' : ''];
  return `<text ${attributes.filter(Boolean).join(' ')} class="${words ? 'w' : 'n'}">${escapeXml(content)}</text>`;
}

function box({ x, y, width, height }: Rect, stroke: string, fill = '#ffffff', dash = ''): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="4" fill="${fill}" stroke="${stroke}"${dash && ` stroke-dasharray="${dash}"`}/>`;
}

function fieldParts({ fields }: WalkLayout): string[] {
  return fields.flatMap(({ field, rect, stop }) => {
    const used = stop !== undefined || field.kind === 'sign';
    const ink = used ? INK : MUTED;
    const binary = shortBinary(field.binary);
    const roomy = binary.length * 6.7 < rect.width - 10 ? binary : `0x${field.value.toString(16)}`;
    return [
      box(rect, field.valid ? (used ? VIRTUAL : LINE) : BAD, '#f6f7f9', used ? '' : '3 3'),
      text(rect.x + 6, rect.y + 16, field.kind === 'sign' && rect.width < 160 ? 'sign' : field.name, { bold: true, words: true, fill: ink }),
      text(rect.x + rect.width - 6, rect.y + 16, `${field.highBit}–${field.lowBit}`, { size: 10, fill: MUTED, end: true }),
      text(rect.x + 6, rect.y + 35, roomy, { fill: ink }),
      text(
        rect.x + 6,
        rect.y + 54,
        field.kind === 'index'
          ? `${field.value}  (0x${field.value.toString(16)})`
          : field.valid
            ? `0x${field.value.toString(16)}`
            : wrongWords(field),
        {
          fill: field.valid ? ink : BAD,
          bold: true,
        },
      ),
    ];
  });
}

function missingWords({ conclusion }: WalkStep): string {
  if (conclusion.kind === 'outside-table') return 'outside of the table';
  if (conclusion.kind === 'below-fault') return 'not mapped by the second stage';
  return conclusion.kind === 'not-present' ? 'no entry fits' : 'not in the dump';
}

function columnParts(column: ColumnBox, view: PageTableView | undefined, mode: PagingModeView): string[] {
  const { step, rect, rows, header } = column;
  const parts = [
    `<rect x="${rect.x}" y="${rect.y}" width="${rect.width}" height="${rect.height}" rx="4" fill="none" stroke="${LINE}"/>`,
    box(header, LINE, '#f6f7f9'),
    text(header.x + 6, header.y + 18, `${step.levelName}[${step.index}]`, { bold: true, size: 12 }),
    text(header.x + 6, header.y + 35, `${step.below ? 'IPA' : 'GPA'} ${groupedHex(step.table, 12)}`, { fill: PHYSICAL }),
  ];
  if (!view && step.entry !== null) return [...parts, text(rows.x, rows.y + 12, step.entry.toString(16).padStart(mode.entrySize * 2, '0'))];
  if (!view) return [...parts, text(rows.x, rows.y + 12, missingWords(step), { words: true, fill: BAD })];
  const table = tableWindow(view, step.index, column.start, ROWS);
  table.rows.forEach((row, at) => {
    const y = rows.y + at * ROW_HEIGHT;
    if (row.chosen) parts.push(box({ x: rows.x, y: y + 1, width: rows.width - 6, height: ROW_HEIGHT - 2 }, '#1f5fc4', CHOSEN));
    const fill = row.look === 'not-present' ? MUTED : INK;
    const target = row.entry.target === null ? '' : row.entry.target.toString(16);
    parts.push(
      text(rows.x + 26, y + 15, String(row.entry.index), { fill, end: true }),
      text(rows.x + 32, y + 15, LOOKS[row.look].glyph, {
        fill: row.look === 'table' ? PHYSICAL : row.look === 'not-present' ? MUTED : GOOD,
        words: true,
      }),
      text(rows.x + 48, y + 15, row.sameTarget ? `${target} =` : target, { fill }),
      text(rows.x + rows.width - 10, y + 15, rightsFlags(row.entry.flags).slice(0, 3).join(' '), {
        size: 9,
        fill: MUTED,
        end: true,
      }),
    );
  });
  if (table.above > 0) parts.push(text(rows.x + 4, rows.y - 5, `${table.above} more`, { size: 9, fill: MUTED, words: true }));
  if (table.below > 0) parts.push(text(rows.x + 4, rows.y + rows.height + 13, `${table.below} more`, { size: 9, fill: MUTED, words: true }));
  return parts;
}

function outcomeParts(walk: Walk, { outcome }: WalkLayout): string[] {
  const { result } = walk;
  const x = outcome.x + 10;
  if (result.kind === 'fault')
    return [box(outcome, BAD, '#ffffff', '4 3'), text(x, outcome.y + 22, resultTitle(walk), { bold: true, size: 13, words: true, fill: BAD })];
  const { writable, user, executable } = result.effective;
  return [
    box(outcome, GOOD),
    text(x, outcome.y + 18, `${formatSize(result.pageSize)} page`, { bold: true, size: 13, words: true }),
    text(x, outcome.y + 35, `GPA ${groupedHex(result.pageStart, 12)}`, { fill: PHYSICAL }),
    text(x, outcome.y + HEADER_HEIGHT + 20, 'physical address', { words: true, fill: MUTED }),
    text(x, outcome.y + HEADER_HEIGHT + 38, groupedHex(result.physical, 12), { bold: true, size: 13, fill: PHYSICAL }),
    ...[writable ? 'writable' : 'read-only', user ? 'user and kernel' : 'kernel only', executable ? 'executable' : 'not executable'].map(
      (words, at) => text(x, outcome.y + HEADER_HEIGHT + 66 + at * 18, words, { words: true }),
    ),
  ];
}

/** More than 32 bits show in an address that has no walk. */
const digitsOf = ({ address, mode }: Walk): number => (mode.virtualBits <= 32 && address >> 32n === 0n ? 8 : 16);

/** The whole walk, last step reached. At most 1508 px wide with margins; the height follows. */
export function walkPicture(walk: Walk, tables: ReadonlyMap<number, PageTableView>): { svg: string; width: number; height: number } {
  const layout = layoutWalk(walk, { width: WIDTH, rows: ROWS, starts: new Map() });
  const sentences = walkStops(walk).map(({ kind, sentence }, at) => `${kind === 'below' ? '    ' : ''}${at + 1}. ${sentence}`);
  const width = layout.width + 2 * MARGIN;
  const height = TITLE + layout.height + 28 + sentences.length * 18 + MARGIN;
  const root = layout.root;
  const wires = layout.wires.map(({ kind, path, end, heading }) => {
    const colour = kind === 'index' || kind === 'offset' ? VIRTUAL : kind === 'page' && walk.result.kind === 'fault' ? BAD : PHYSICAL;
    const head = heading === 'right' ? 'M0 0L-6 -3.5L-6 3.5Z' : 'M0 0L-3.5 -6L3.5 -6Z';
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.4"/><path d="${head}" fill="${colour}" transform="translate(${end.x} ${end.y})"/>`;
  });
  const title = `Page walk of ${formatAddress(walk.address)}`;
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(title)}</title><desc>${escapeXml(sentences.join(' '))}</desc>`,
    '<style>.n{font-family:"JetBrains Mono","DejaVu Sans Mono",monospace}.w{font-family:system-ui,"DejaVu Sans",sans-serif}</style>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(MARGIN, 32, groupedHex(walk.address, digitsOf(walk)), { size: 18, bold: true }),
    text(
      MARGIN + digitsOf(walk) * 15,
      32,
      `${walk.mode.title}, root ${walk.root === null ? 'unknown' : formatAddress(walk.root)} (${walk.rootSource})`,
      {
        size: 12,
        words: true,
        fill: MUTED,
      },
    ),
    `<g transform="translate(${MARGIN} ${TITLE})">`,
    ...wires,
    ...fieldParts(layout),
    box(root, PHYSICAL, '#f6f7f9'),
    text(root.x + 6, root.y + 18, rootTitle(walk), { bold: true, words: true, size: 12 }),
    text(root.x + 6, root.y + 35, walk.root === null ? 'unknown' : groupedHex(walk.root, 12), { fill: PHYSICAL }),
    ...layout.columns.flatMap((column) => columnParts(column, tables.get(column.step.level), walk.mode)),
    ...outcomeParts(walk, layout),
    ...sentences.map((sentence, at) => text(0, layout.height + 34 + at * 18, sentence, { size: 12, words: true })),
    '</g></svg>',
  ];
  return { svg: svg.join('\n'), width, height };
}
