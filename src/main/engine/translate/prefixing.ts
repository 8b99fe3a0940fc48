/**
 * Prefixing, with which each CPU of a z/Architecture machine has the first 8 KiB of memory for itself: of the real addresses that translation ends with, those from 0 to 8191 and those at the CPU's prefix are
 * exchanged. What comes out is an absolute address, the same for all CPUs, which is what a dump keeps memory by.
 *
 * Source: z/Architecture Principles of Operation (SA22-7832), chapter "Storage", "Prefixing". The addresses of translation tables are taken as absolute ones, as QEMU does
 * (target/s390x/mmu_helper.c, v7.2): whether they are real or absolute the manual leaves open.
 */
import { formatAddress } from '#shared/address-text.ts';

/** Bytes that are exchanged; a prefix is a multiple of it. */
const AREA = 8192;
const SMALLEST_PAGE = 4096;

/** `prefix` 0 leaves all addresses as they are. */
export function absoluteOf(real: number, prefix: number): number {
  if (real < AREA) return real + prefix;
  return real >= prefix && real < prefix + AREA ? real - prefix : real;
}

/** How far the memory of a page lies in one piece: a large page that is in part exchanged counts as small ones. */
export function unsplitSize(real: number, pageSize: number, prefix: number): number {
  if (prefix === 0 || pageSize <= AREA) return pageSize;
  const start = real - (real % pageSize);
  return start === 0 || (prefix >= start && prefix < start + pageSize) ? SMALLEST_PAGE : pageSize;
}

export interface Piece {
  /** Of its first byte, from the start of what was cut. */
  offset: number;
  length: number;
  absolute: number;
}

/** Real addresses from `real` on, cut where their absolute ones do not follow each other. */
export function absolutePieces(real: number, length: number, prefix: number): Piece[] {
  const end = real + length;
  const cuts = prefix === 0 ? [] : [AREA, prefix, prefix + AREA].filter((cut) => cut > real && cut < end);
  const starts = [...new Set([real, ...cuts])];
  return starts.map((start, n) => ({ offset: start - real, length: (starts[n + 1] ?? end) - start, absolute: absoluteOf(start, prefix) }));
}

/** Appended to the sentence of a page; empty when the two addresses are the same. */
export function prefixSentence(real: number, prefix: number): string {
  const absolute = absoluteOf(real, prefix);
  if (absolute === real) return '';
  return ` Prefixing exchanges the first 8 KiB with those at the CPU's prefix, ${formatAddress(prefix)}: real address ${formatAddress(real)} is absolute address ${formatAddress(absolute)}.`;
}
