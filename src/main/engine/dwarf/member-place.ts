/**
 * Where a member lies in its struct (DWARF 5, section 5.7.6).
 *
 * ```
 * DW_AT_data_member_location   bytes; in DWARF 2 an expression, DW_OP_plus_uconst
 * DW_AT_data_bit_offset        bits from the start of the struct (DWARF 4 and later)
 * DW_AT_bit_offset             before: bits from the highest bit of the storage unit to the highest of the field
 * ```
 */
import { ByteCursor } from './byte-cursor.ts';
import { AT, OP } from './constants.ts';
import type { Die } from './die.ts';
import { sizeOf, type BitField, type CType } from './type-model.ts';

export function memberPlace(die: Die, type: () => CType): { offset: number; bitField: BitField | undefined } {
  const location = byteLocation(die);
  const bitSize = die.number(AT.bitSize);
  if (bitSize === undefined) return { offset: location, bitField: undefined };
  const storage = die.number(AT.byteSize) ?? sizeOf(type()) ?? 0;
  const bitOffset = bitLocation(die, location, storage, bitSize);
  const unit = storage > 0 ? storage : 1;
  return { offset: Math.floor(bitOffset / 8 / unit) * unit, bitField: { bitOffset, bitSize } };
}

/** 0 for members of unions, which need not say it, and for places that only a running program knows (virtual bases). */
function byteLocation(die: Die): number {
  const constant = die.number(AT.dataMemberLocation);
  if (constant !== undefined) return constant;
  const expression = die.block(AT.dataMemberLocation);
  if (!expression || expression[0] !== OP.plusUconst) return 0;
  return cursorOf(die, expression).count();
}

function bitLocation(die: Die, location: number, storage: number, bitSize: number): number {
  const fromStart = die.number(AT.dataBitOffset);
  if (fromStart !== undefined) return location * 8 + fromStart;
  const highest = die.constant(AT.bitOffset);
  if (highest === undefined) return location * 8;
  // clang puts a field of a packed struct beyond its storage unit, with a negative offset in an unsigned form.
  const fromHighest = Number(BigInt.asIntN((die.width(AT.bitOffset) ?? 8) * 8, highest));
  return location * 8 + (die.unit.file.sections.littleEndian ? storage * 8 - fromHighest - bitSize : fromHighest);
}

function cursorOf(die: Die, expression: Uint8Array): ByteCursor {
  const { file, list, offset } = die.unit;
  return new ByteCursor(
    expression,
    file.sections.littleEndian,
    { source: file.sections.source, section: list.section, base: offset + die.offset },
    1,
  );
}
