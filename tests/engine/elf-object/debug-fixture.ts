/** The files of tests/fixtures/debug, and what gdb and nm said of them (make.py). */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ElfFile, type ElfFileOptions } from '#engine/elf-object/elf-file.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { ArraySource } from '../memory/array-source.ts';

/** Name, offset in bits, size of a bit field (0 for others), bytes of its type. */
export type MemberAnswer = [string, number, number, number];

export interface DebugAnswer {
  structs: Record<string, { size: number; members: MemberAnswer[] }>;
  variables: Record<string, string>;
}

export interface ProcessAnswer {
  /** Address, length, file. Their bytes lie end to end in process-memory. */
  pieces: [string, number, string][];
  printed: Record<string, string>;
}

const ANSWERS = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../fixtures/debug/answers.json'), 'utf8')) as Record<string, unknown>;

export const debugAnswer = (name: string): DebugAnswer => ANSWERS[name] as DebugAnswer;
/** Rows of `nm -D`: address, kind, name, or without address when undefined. */
export const symbolAnswer = (name: string): string[][] => ANSWERS[name] as string[][];
export const processAnswer = (): ProcessAnswer => ANSWERS['process'] as ProcessAnswer;

export const debugBytes = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(fixture(`debug/${name}`)));

export function debugElf(name: string, options?: ElfFileOptions): ElfFile {
  return new ElfFile(new ArraySource(debugBytes(name), name), options);
}
