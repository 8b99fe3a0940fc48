/**
 * Registers bit by bit: a table of rows is data (arch/<cpu>/bits/), and this turns it and a value into BitFields.
 *
 * A table names the bits that the manual names. Whatever it leaves out is reserved or ignored; a bit there that is set anyway
 * becomes a field of its own, so that nothing in a value stays unseen.
 */
import type { BitField } from '#shared/model/index.ts';

export interface BitRow {
  /** The manual's short name: `PG`. */
  name: string;
  /** Lowest bit. */
  bit: number;
  /** Bits; 1 when left out. */
  width?: number;
  /** The manual's long name: "Paging". */
  title: string;
  /** Sentences by value (a single bit has two: clear, set), or a function of the field's value. */
  meaning: readonly string[] | ((value: bigint) => string);
  /** The only value that the manual allows. */
  mustBe?: bigint;
}

const UNLISTED = {
  reserved: { title: 'Reserved', meaning: 'set, although the manual reserves it' },
  ignored: { title: 'Ignored', meaning: 'set; the CPU ignores it' },
  other: { title: 'Not listed', meaning: 'set; its meaning depends on the model' },
} as const;

export interface BitTable {
  rows: readonly BitRow[];
  /** What holds for bits without a row: the manual wants them 0; the CPU ignores them; or they mean something that the table leaves out. */
  unlisted: keyof typeof UNLISTED;
}

/** A row for a single bit. */
export function flag(bit: number, name: string, title: string, clear: string, set: string): BitRow {
  return { name, bit, title, meaning: [clear, set] };
}

/** A row for several bits. */
export function field(bit: number, width: number, name: string, title: string, meaning: BitRow['meaning']): BitRow {
  return { name, bit, width, title, meaning };
}

function meaningOf(row: BitRow, value: bigint): string {
  if (typeof row.meaning === 'function') return row.meaning(value);
  return row.meaning[Number(value)] ?? `value ${value} is not defined`;
}

/**
 * The fields of `value`, highest bit first. Bits outside `known` are left out: their values are not known. `width` is the register's, in bits.
 */
export function decodeBits(table: BitTable, value: bigint, width: number, known: bigint = BigInt.asUintN(width, -1n)): BitField[] {
  const fields: BitField[] = [];
  let named = 0n;
  for (const row of table.rows) {
    const rowWidth = row.width ?? 1;
    const mask = BigInt.asUintN(rowWidth, -1n) << BigInt(row.bit);
    named |= mask;
    if (row.bit >= width || (known & mask) !== mask) continue;
    const fieldValue = (value & mask) >> BigInt(row.bit);
    const { name, bit, title } = row;
    const broken = row.mustBe !== undefined && fieldValue !== row.mustBe;
    fields.push({ name, bit, width: rowWidth, value: fieldValue, title, meaning: meaningOf(row, fieldValue), ...(broken ? { reserved: true } : {}) });
  }
  const strays = value & ~named & known;
  for (let bit = 0; bit < width; bit++) {
    if (((strays >> BigInt(bit)) & 1n) === 0n) continue;
    const reserved = table.unlisted === 'reserved' ? { reserved: true } : {};
    fields.push({ name: `bit ${bit}`, bit, width: 1, value: 1n, ...UNLISTED[table.unlisted], ...reserved });
  }
  return fields.sort((a, b) => b.bit - a.bit);
}
