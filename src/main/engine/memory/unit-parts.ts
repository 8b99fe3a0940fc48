/**
 * Pages of coded units that are larger than a page: memory whose pages are taken one by one out of another dump's (a guest's out of its host's) cannot be told in whole units.
 *
 * Part n is page n % perUnit of unit n / perUnit.
 */
import { WorkbenchError } from '#shared/errors.ts';
import { ExtentKind, PAGE_SIZE, type ExtentTable } from './extent-table.ts';
import { DecodedUnits, type UnitDecoder, type UnitFault } from './unit-decoder.ts';

/** As plain data, for other threads. */
export interface SharedUnitParts {
  perUnit: number;
  /** Uint32 for each unit: its bytes. */
  sizes: SharedArrayBuffer;
}

/** Formats with units larger than a page have one for each 64 KiB: this many are 4 TiB. */
const MAX_UNITS = 2 ** 26;

/** Undefined where no unit is larger than a page. Throws WorkbenchError `unsupported` for more units than are kept track of. */
export function partsOf({ count, kinds, strides, places, lengths }: ExtentTable): SharedUnitParts | undefined {
  let largest = 0;
  let units = 0;
  for (let row = 0; row < count; row++) {
    if (kinds[row] !== ExtentKind.Coded) continue;
    largest = Math.max(largest, strides[row]!);
    units = Math.max(units, places[row]! + Math.ceil(lengths[row]! / strides[row]!));
  }
  if (largest <= PAGE_SIZE) return undefined;
  if (units > MAX_UNITS) throw new WorkbenchError('unsupported', `the dump's memory is coded in more than ${MAX_UNITS} units`);
  const sizes = new SharedArrayBuffer(4 * units);
  const view = new Uint32Array(sizes);
  for (let row = 0; row < count; row++) {
    if (kinds[row] !== ExtentKind.Coded) continue;
    view.fill(strides[row]!, places[row], places[row]! + Math.ceil(lengths[row]! / strides[row]!));
  }
  return { perUnit: Math.ceil(largest / PAGE_SIZE), sizes };
}

export class UnitPartDecoder implements UnitDecoder {
  readonly #units: DecodedUnits;
  readonly #perUnit: number;
  readonly #sizes: Uint32Array;

  constructor(decoder: UnitDecoder, { perUnit, sizes }: SharedUnitParts) {
    this.#units = new DecodedUnits(decoder);
    this.#perUnit = perUnit;
    this.#sizes = new Uint32Array(sizes);
  }

  decode(part: number, target: Uint8Array): UnitFault | undefined {
    const unit = Math.floor(part / this.#perUnit);
    const offset = (part % this.#perUnit) * PAGE_SIZE;
    const size = this.#sizes[unit] ?? 0;
    return this.#units.read(unit, size, offset, target.subarray(0, Math.max(0, Math.min(target.length, size - offset))));
  }
}
