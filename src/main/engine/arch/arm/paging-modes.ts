/**
 * The paging modes of a 32-bit ARM CPU:
 *
 *   arm-short            short descriptors, addresses of 32 bits
 *   arm-short-n1 … n7    the table of TTBR0 where TTBCR.N cuts it: addresses of 32 - N bits
 *   arm-lpae-32          long descriptors (TTBCR.EAE), the lower part of the addresses, of 25 to 32 bits (TTBR0)
 *   arm-lpae-30-upper    the upper part (TTBR1)
 *   arm-hyp-32           Hyp mode (HTTBR)
 *   arm-s2-40-l1         stage 2 (VTTBR), from level 1 or 2
 *
 * followed by `-afe` (SCTLR.AFE, short descriptors) and `-be` (tables are big-endian).
 *
 * Source: Arm Architecture Reference Manual, ARMv7-A (DDI 0406C), B3.5, B3.6.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { PagingLevel, PagingModeId } from '#shared/model/index.ts';
import type { PagingMode } from '#engine/translate/paging-mode.ts';
import { descriptorFormat, type DescriptorUse } from '../arm64/descriptor.ts';
import { shortDescriptor } from './short-descriptor.ts';

const SHORT = /^arm-short(?:-n([1-7]))?(-afe)?(-be)?$/;
const LONG = /^arm-(lpae|hyp|s2)-(\d\d)(?:-l([12]))?(-upper)?(-be)?$/;

const shortFormats = { plain: shortDescriptor(false), simple: shortDescriptor(true) };
const longFormat = (use: DescriptorUse) => descriptorFormat({ granule: 4, lpa2: false, use, flat: false, addressBits: 40 });
const LONG_FORMATS: Readonly<Record<string, PagingMode['format']>> = {
  lpae: longFormat('aarch32'),
  hyp: longFormat('one'),
  s2: longFormat('stage-2'),
};

function shortMode(id: PagingModeId): PagingMode | undefined {
  const match = SHORT.exec(id);
  if (!match) return undefined;
  const cut = Number(match[1] ?? 0);
  const [simple, bigEndian] = [match[2] !== undefined, match[3] !== undefined];
  return {
    id,
    title: `short descriptors${cut === 0 ? '' : `, ${32 - cut} bits`}${simple ? ', access flag' : ''}${bigEndian ? ', big-endian' : ''}`,
    virtualBits: 32 - cut,
    upperBits: 0n,
    entrySize: 4,
    ...(bigEndian ? { bigEndian } : {}),
    levels: [
      { level: 2, name: 'L1', shift: 20, bits: 12 - cut },
      { level: 1, name: 'L2', shift: 12, bits: 8 },
    ],
    tableAlignment: 2 ** (14 - cut),
    format: simple ? shortFormats.simple : shortFormats.plain,
  };
}

/** From level 1 with more than 30 bits; of a second stage as its id says, with up to 16 tables in a row. */
function longLevels(bits: number, start: number | undefined): PagingLevel[] {
  const count = start === undefined ? (bits > 30 ? 3 : 2) : 4 - start;
  return Array.from({ length: count }, (_, place) => {
    const level = count - place;
    const shift = 12 + 9 * (level - 1);
    return { level, name: `L${4 - level}`, shift, bits: place === 0 ? bits - shift : 9 };
  });
}

function longMode(id: PagingModeId): PagingMode | undefined {
  const match = LONG.exec(id);
  if (!match) return undefined;
  const [, kind = '', digits, start, upper, bigEndian] = match;
  const bits = Number(digits);
  const second = kind === 's2';
  if (bits < 25 || bits > (second ? 40 : 32) || second !== (start !== undefined) || (upper !== undefined && kind !== 'lpae')) return undefined;
  const levels = longLevels(bits, start === undefined ? undefined : Number(start));
  const top = levels[0]?.bits ?? 0;
  if (top < 1 || top > 13) return undefined;
  const names: Record<string, string> = { lpae: 'long descriptors', hyp: 'long descriptors of Hyp mode', s2: `stage 2, from level ${start}` };
  return {
    id,
    title: `${names[kind]}, ${bits} bits${upper === undefined ? '' : ', upper part'}${bigEndian === undefined ? '' : ', big-endian'}`,
    virtualBits: bits,
    upperBits: upper === undefined ? 0n : (1n << 32n) - (1n << BigInt(bits)),
    entrySize: 8,
    ...(bigEndian === undefined ? {} : { bigEndian: true }),
    levels,
    tableAlignment: 8 * 2 ** top,
    format: LONG_FORMATS[kind]!,
    ...(second ? { belowFault: 'the CPU raises a stage 2 fault, which the hypervisor takes' } : {}),
  };
}

const OFF: PagingMode = { ...shortMode('arm-short')!, id: 'off', title: 'MMU off', levels: [], tableAlignment: 4096 };

const built = new Map<PagingModeId, PagingMode>([['off', OFF]]);

/** See Architecture.pagingMode. */
export function pagingMode(id: PagingModeId): PagingMode {
  const mode = built.get(id) ?? shortMode(id) ?? longMode(id);
  if (!mode)
    throw new WorkbenchError('bad-request', `32-bit ARM has no paging mode ${id}`, {
      expected: 'arm-short, arm-short-n1 to -n7, arm-lpae-32, arm-lpae-30-upper',
    });
  built.set(id, mode);
  return mode;
}
