/** kallsyms as scripts/kallsyms.c of several ages lays it out, made by hand for the ages and machines of which the lab has no guest. */
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import { KernelSpace } from '#engine/linux/kernel-space.ts';
import type { KernelStretch } from '#engine/linux/kernel-window.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { BufferMemory } from '../translate/buffer-memory.ts';

export interface Age {
  wordSize: 4 | 8;
  littleEndian: boolean;
  align: number;
  /** Bytes of the number of symbols and of a marker. */
  numbers: 4 | 8;
  addresses: 'words' | 'base' | 'base-down' | 'place';
  /** Addresses come before the names, or after the index of tokens. */
  order: 'addresses-first' | 'names-first';
  /** Three bytes a symbol: before the tokens, at the very end, or not there. */
  sequence?: 'before-tokens' | 'last';
}

/** Where the kernel is, and in it the made tables: where a 32-bit kernel would be. */
const KERNEL_AT = 0xc000_0000;
const TABLES_AT = KERNEL_AT + 0x2_0000;
const PAGE = 4096;
const TEXT_AT = BigInt(KERNEL_AT) + 0x10_0000n;
export const COUNT = 1500;
export const symbolOf = (index: number) => ({ type: 'T', name: `sym_${index}_of_${index % 7}`, address: TEXT_AT + BigInt(index * 0x40) });

/** Every character stands for itself; tokens of several characters take codes that no name uses. */
function tokens(): string[] {
  const list = Array.from({ length: 256 }, (_, code) => (code >= 48 && code < 123 ? String.fromCharCode(code) : `tok${code}`));
  list[0x5f] = '_';
  list[1] = 'sym_';
  list[2] = '_of_';
  return list;
}

class Writer {
  readonly bytes = new Uint8Array(0x2_0000);
  readonly #view = new DataView(this.bytes.buffer);
  readonly #age: Age;
  at = 0;

  constructor(age: Age) {
    this.#age = age;
  }

  align(): void {
    this.at = Math.ceil(this.at / this.#age.align) * this.#age.align;
  }

  put(size: 2 | 4 | 8, value: number | bigint): void {
    const { littleEndian } = this.#age;
    if (size === 2) this.#view.setUint16(this.at, Number(value), littleEndian);
    else if (size === 4) this.#view.setInt32(this.at, Number(value), littleEndian);
    else this.#view.setBigUint64(this.at, BigInt.asUintN(64, BigInt(value)), littleEndian);
    this.at += size;
  }

  raw(bytes: ArrayLike<number>): void {
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }
}

function putAddresses(writer: Writer, { addresses, wordSize }: Age): void {
  writer.align();
  const start = BigInt(TABLES_AT + writer.at);
  const base = symbolOf(0).address;
  for (let index = 0; index < COUNT; index++) {
    const { address } = symbolOf(index);
    if (addresses === 'words') writer.put(wordSize, address);
    else if (addresses === 'base') writer.put(4, address - base);
    else if (addresses === 'base-down') writer.put(4, base - 1n - address);
    else writer.put(4, address - (start + BigInt(4 * index)));
  }
  if (addresses !== 'base' && addresses !== 'base-down') return;
  writer.align();
  writer.put(wordSize, base);
}

function putNames(writer: Writer, { numbers }: Age): void {
  writer.align();
  writer.put(numbers, COUNT);
  writer.align();
  const start = writer.at;
  const markers: number[] = [];
  for (let index = 0; index < COUNT; index++) {
    if (index % 256 === 0) markers.push(writer.at - start);
    const rest = symbolOf(index).name.slice('sym_'.length).split('_of_');
    const codes = [...Buffer.from('T'), 1, ...Buffer.from(rest[0]!), 2, ...Buffer.from(rest[1]!)];
    writer.raw([codes.length, ...codes]);
  }
  writer.align();
  for (const marker of markers) writer.put(numbers, marker);
}

function putTokens(writer: Writer): void {
  writer.align();
  const list = tokens();
  writer.raw(Buffer.from(list.map((token) => `${token}\0`).join(''), 'latin1'));
  writer.align();
  let offset = 0;
  for (const token of list) {
    writer.put(2, offset);
    offset += token.length + 1;
  }
}

function putSequence(writer: Writer): void {
  writer.align();
  writer.raw(Array.from({ length: 3 * COUNT }, (_, at) => (at % 3 === 0 ? 0 : (at * 37) & 0xff)));
}

/** The tables, as they lie from TABLES_AT on. */
export function kallsymsOf(age: Age): Uint8Array {
  const writer = new Writer(age);
  // What stands before the tables.
  writer.raw(Array.from({ length: 4099 }, (_, at) => (at * 7) & 0xff));
  if (age.order === 'addresses-first') putAddresses(writer, age);
  putNames(writer, age);
  if (age.sequence === 'before-tokens') putSequence(writer);
  putTokens(writer);
  if (age.order === 'names-first') putAddresses(writer, age);
  if (age.sequence === 'last') putSequence(writer);
  return writer.bytes.subarray(0, writer.at + 64);
}

/** A kernel whose addresses are those of its memory, with `tables` at TABLES_AT. */
export function spaceWith(
  tables: Uint8Array,
  { wordSize, littleEndian }: Pick<Age, 'wordSize' | 'littleEndian'>,
): { space: KernelSpace; stretches: KernelStretch[] } {
  const bytes = new Uint8Array(TABLES_AT - KERNEL_AT + Math.ceil(tables.length / PAGE) * PAGE);
  bytes.set(tables, TABLES_AT - KERNEL_AT);
  const memory = new BufferMemory([{ start: KERNEL_AT, bytes }]);
  const mode = x86_64.pagingMode('off');
  const table = { mode, root: 0, source: 'none', options: {}, first: 0n, last: 0xffff_ffffn };
  const space = new KernelSpace(memory, new TranslationSpace(memory, [table]), { littleEndian, wordSize });
  return { space, stretches: [{ start: BigInt(KERNEL_AT), last: BigInt(KERNEL_AT + bytes.length - 1) }] };
}
