/** Device states for other programs and for mails: as JSON (the command line's and the page's), and as indented text. */
import { formatAddress, formatSize } from './address-text.ts';
import { counted } from './counted.ts';
import type { DeviceField, DeviceState, DeviceSummary } from './model/device.ts';

/** A field with its offset and numbers as 0x strings, and a buffer as hex digits. */
export interface DeviceFieldJson extends Omit<DeviceField, 'offset' | 'value' | 'children'> {
  offset: string;
  value: string | null;
  /** A buffer's, as hex digits; the first 4096 bytes where it is longer. */
  bytes?: string;
  children?: DeviceFieldJson[];
}

export const deviceSummaryJson = ({ offset, ...rest }: DeviceSummary) => ({ ...rest, offset: formatAddress(offset) });

export function deviceJson({ fields, subsections, ...summary }: DeviceState) {
  return { ...deviceSummaryJson(summary), fields: fields.map(fieldJson), subsections: subsections.map(fieldJson) };
}

function fieldJson({ name, type, offset, size, value, words, children }: DeviceField): DeviceFieldJson {
  return {
    name,
    type,
    offset: formatAddress(offset),
    size,
    value: typeof value === 'bigint' ? formatAddress(value) : null,
    ...(value instanceof Uint8Array ? { bytes: hexDigits(value, '') } : {}),
    ...(words === undefined ? {} : { words }),
    ...(children ? { children: children.map(fieldJson) } : {}),
  };
}

/** Buffers up to this length stand in their field's line. */
export const INLINE_BYTES = 16;
/** Names are padded to the widest of their structure, but no further. */
const WIDEST_NAME = 32;

export const hexDigits = (bytes: Uint8Array, between = ' '): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(between);

/** Who describes the fields, in words. */
export const describedWords = (described: DeviceSummary['described']): string =>
  ({ stream: 'the stream', 'built-in': 'a built-in layout', none: 'nothing' })[described ?? 'none'];

/** `dump` prints the bytes of a longer buffer, from a file offset on. */
export function deviceText(device: DeviceState, dump: (offset: bigint, bytes: Uint8Array) => string): string {
  const { name, instance, version, offset, length, described, title, problem, cut } = device;
  const lines = [
    `${name}, instance ${instance}, version ${version}${title ? `: ${title}` : ''}`,
    `${formatSize(length)} at file offset ${formatAddress(offset)}, described by ${describedWords(described)}`,
    ...(problem ? [`problem: ${problem}`] : []),
    ...rowLines([...device.fields, ...device.subsections], '  ', dump),
    ...(cut ? ['Long arrays are cut; the file has all of them.'] : []),
  ];
  return lines.join('\n');
}

function rowLines(rows: readonly DeviceField[], indent: string, dump: (offset: bigint, bytes: Uint8Array) => string): string[] {
  const width = Math.min(WIDEST_NAME, Math.max(0, ...rows.map(({ name }) => name.length)));
  return rows.flatMap((row) => {
    const { name, offset, size, value, words, children } = row;
    const cells = [name.padEnd(width), valueText(row), words ?? ''].filter((cell) => cell !== '');
    const lines = [`${indent}${cells.join('  ')}`.trimEnd()];
    if (value instanceof Uint8Array && value.length > INLINE_BYTES) {
      lines.push(dump(BigInt(offset), value).replace(/^/gm, `${indent}  `));
      if (size > value.length) lines.push(`${indent}  … ${counted(size - value.length, 'more byte')}`);
    }
    return [...lines, ...rowLines(children ?? [], `${indent}  `, dump)];
  });
}

/** A number in hex, as wide as it is; a short buffer's bytes; how long a longer one is. */
export function valueText({ value, size }: Pick<DeviceField, 'value' | 'size'>): string {
  if (typeof value === 'bigint') return value.toString(16).padStart(2 * size, '0');
  if (value === null) return '';
  return size <= INLINE_BYTES ? hexDigits(value) : counted(size, 'byte');
}
