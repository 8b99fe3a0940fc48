/** Where a variable lies: the two location expressions that variables with static storage have (DWARF 5, sections 2.5 and 2.6). */
import { ByteCursor } from './byte-cursor.ts';
import { AT, OP } from './constants.ts';
import type { Die } from './die.ts';

export type VariablePlace =
  | { kind: 'address'; address: bigint }
  /** In an object file or kernel module: offset in the section that holds it, which only the symbol table names. */
  | { kind: 'section'; offset: bigint }
  /** Offset in the block of variables that each thread has of this program or library. */
  | { kind: 'thread'; offset: bigint }
  /** An expression of another kind, or none (optimised out, or only declared). */
  | { kind: 'unknown' };

export function variablePlace(die: Die): VariablePlace {
  const expression = die.block(AT.location);
  if (!expression || expression.length === 0) return { kind: 'unknown' };
  const { file, list, offset, addressSize } = die.unit;
  const place = { source: file.sections.source, section: list.section, base: offset + die.offset };
  const cursor = new ByteCursor(expression, file.sections.littleEndian, place);
  const operand = firstOperand(cursor, die, addressSize);
  if (operand === undefined) return { kind: 'unknown' };
  if (cursor.left === 0) return operand.isAddress ? placed(die, operand.value) : { kind: 'unknown' };
  const next = cursor.u8();
  if (next === OP.formTlsAddress || next === OP.gnuPushTlsAddress) {
    // In an object file the offset is still one in .tdata or .tbss.
    return file.sections.relocatable ? { kind: 'unknown' } : { kind: 'thread', offset: operand.value };
  }
  // A part of a variable that was merged with others (gcc's section anchors): address, then a constant to add.
  if (next === OP.plusUconst && operand.isAddress) {
    const address = operand.value + cursor.uleb();
    if (cursor.left === 0) return placed(die, address);
  }
  return { kind: 'unknown' };
}

function placed(die: Die, value: bigint): VariablePlace {
  return die.unit.file.sections.relocatable ? { kind: 'section', offset: value } : { kind: 'address', address: value };
}

function firstOperand(cursor: ByteCursor, die: Die, addressSize: number): { value: bigint; isAddress: boolean } | undefined {
  const operation = cursor.u8();
  if (operation === OP.addr) return { value: cursor.address(addressSize), isAddress: true };
  if (operation === OP.addrx || operation === OP.gnuAddrIndex) return { value: die.unit.file.addressAt(die.unit, cursor.count()), isAddress: true };
  if (operation >= OP.const1u && operation <= OP.const8s) {
    // const1u, const1s, const2u, … const8s
    const width = 1 << ((operation - OP.const1u) >> 1);
    return { value: cursor.address(width), isAddress: false };
  }
  if (operation === OP.constu) return { value: cursor.uleb(), isAddress: false };
  return undefined;
}
