/**
 * A PCI function's configuration space, field by field.
 *
 * Facts: PCI Local Bus Specification 3.0, chapter 6; PCI-to-PCI Bridge Architecture 1.2, chapter 3; PCI Express Base 3.0, section 7.8. Numbers are little-endian. QEMU saves the
 * 256 bytes of a conventional or the 4096 of an express function (hw/pci/pci.c, vmstate_pci_device, v7.2).
 *
 * ```
 * 00 vendor  02 device  04 command  06 status  08 revision  09 class  0c cache line  0d latency  0e header type  0f BIST
 * 10 BARs …  2c subsystem  30 ROM  34 capabilities  3c interrupt line  3d pin      (a bridge: 18 buses, 1c to 30 windows, 38 ROM, 3e control)
 * 40 capabilities and registers of its own   100 extended capabilities
 * ```
 */
import type { DeviceField } from '#shared/model/device.ts';
import { bitWords, hexOf, type FieldWords, type StructWords } from './field-words.ts';
import { capabilityWords } from './pci-capabilities.ts';
import { PCI_CLASSES, PCI_DEVICES } from './pci-ids.ts';

const COMMAND = { 0: 'I/O', 1: 'memory', 2: 'bus master', 6: 'parity errors', 8: 'SERR', 10: 'INTx off' };
const STATUS = {
  3: 'interrupt asserted',
  4: 'has capabilities',
  5: '66 MHz',
  7: 'fast back-to-back',
  8: 'parity error seen',
  11: 'signaled target abort',
  12: 'got target abort',
  13: 'got master abort',
  14: 'signaled SERR',
  15: 'parity error',
};

/** Name, first byte, bytes, words. */
type Row = readonly [name: string, at: number, size: 1 | 2 | 3 | 4, words?: (value: number, config: Config) => string | undefined];

class Config {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  read(at: number, size: number): number {
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at, true);
    return size === 3 ? this.#view.getUint16(at, true) | (this.#view.getUint8(at + 2) << 16) : this.#view.getUint32(at, true);
  }

  get isBridge(): boolean {
    return (this.read(0x0e, 1) & 0x7f) === 1;
  }

  get ids(): string {
    return `${hex4(this.read(0, 2))}:${hex4(this.read(2, 2))}`;
  }

  get class(): string {
    return hex4(this.read(0x0a, 2));
  }
}

const hex4 = (number: number): string => number.toString(16).padStart(4, '0');
const known = (table: Readonly<Record<string, string>>, key: string): string | undefined => (Object.hasOwn(table, key) ? table[key] : undefined);

/** A base address register at `index`; the one above a 64-bit one is its upper half. */
function barWords(value: number, config: Config, index: number): string {
  const below = index > 0 ? config.read(0x10 + 4 * (index - 1), 4) : 0;
  if ((below & 7) === 4) return `upper half of BAR ${index - 1}`;
  if (value & 1) return `I/O ports at ${hexOf((value & ~3) >>> 0)}`;
  if (value === 0) return 'not set, or not there';
  const wide = (value & 6) === 4;
  const address = BigInt((value & ~15) >>> 0) | (wide ? BigInt(config.read(0x14 + 4 * index, 4)) << 32n : 0n);
  return `memory at ${hexOf(address)}${wide ? ', 64-bit' : ''}${value & 8 ? ', prefetchable' : ''}`;
}

const bar = (index: number): Row => [`BAR ${index}`, 0x10 + 4 * index, 4, (value, config) => barWords(value, config, index)];
const ROM_WORDS = (value: number): string | undefined => (value === 0 ? 'none' : `at ${hexOf((value & ~0x7ff) >>> 0)}, ${value & 1 ? 'on' : 'off'}`);
const PIN_WORDS = (value: number): string | undefined => (value === 0 ? 'none' : value < 5 ? `INT${'ABCD'[value - 1]}` : undefined);
const LINE_WORDS = (value: number): string => (value === 0 || value === 255 ? 'not routed' : `IRQ ${value}`);

const COMMON: readonly Row[] = [
  ['vendor id', 0x00, 2],
  ['device id', 0x02, 2, (_value, config) => known(PCI_DEVICES, config.ids)],
  ['command', 0x04, 2, (value) => bitWords(BigInt(value), COMMAND, 'off')],
  ['status', 0x06, 2, (value) => bitWords(BigInt(value & ~0x600), STATUS, 'nothing set')],
  ['revision', 0x08, 1],
  ['class code', 0x09, 3, (_value, config) => known(PCI_CLASSES, config.class)],
  ['cache line size', 0x0c, 1],
  ['latency timer', 0x0d, 1],
  [
    'header type',
    0x0e,
    1,
    (value) => `${['device', 'PCI bridge', 'CardBus bridge'][value & 0x7f] ?? 'unknown'}${value & 0x80 ? ', several functions' : ''}`,
  ],
  ['BIST', 0x0f, 1],
];

const DEVICE: readonly Row[] = [
  ...COMMON,
  ...Array.from({ length: 6 }, (_, index) => bar(index)),
  ['CardBus CIS', 0x28, 4],
  ['subsystem vendor id', 0x2c, 2],
  ['subsystem id', 0x2e, 2],
  ['expansion ROM', 0x30, 4, ROM_WORDS],
  ['capabilities pointer', 0x34, 1],
  ['reserved', 0x35, 3],
  ['reserved', 0x38, 4],
  ['interrupt line', 0x3c, 1, LINE_WORDS],
  ['interrupt pin', 0x3d, 1, PIN_WORDS],
  ['minimum grant', 0x3e, 1],
  ['maximum latency', 0x3f, 1],
];

/** A window's base and limit in steps of `unit` bytes; closed when the limit is below the base. */
const window = (value: number, limit: number, unit: number): string => {
  const first = (value & 0xfff0) * unit;
  const last = (limit & 0xfff0) * unit + 16 * unit - 1;
  return last < first ? 'closed' : `${hexOf(first)} to ${hexOf(last)}`;
};

const BRIDGE: readonly Row[] = [
  ...COMMON,
  bar(0),
  bar(1),
  ['primary bus', 0x18, 1],
  ['secondary bus', 0x19, 1],
  ['subordinate bus', 0x1a, 1],
  ['secondary latency timer', 0x1b, 1],
  ['I/O base', 0x1c, 1, (value, config) => window(value & 0xf0, config.read(0x1d, 1) & 0xf0, 0x100)],
  ['I/O limit', 0x1d, 1],
  ['secondary status', 0x1e, 2],
  ['memory base', 0x20, 2, (value, config) => window(value, config.read(0x22, 2), 0x10000)],
  ['memory limit', 0x22, 2],
  ['prefetchable base', 0x24, 2],
  ['prefetchable limit', 0x26, 2],
  ['prefetchable base, upper half', 0x28, 4],
  ['prefetchable limit, upper half', 0x2c, 4],
  ['I/O base, upper half', 0x30, 2],
  ['I/O limit, upper half', 0x32, 2],
  ['capabilities pointer', 0x34, 1],
  ['reserved', 0x35, 3],
  ['expansion ROM', 0x38, 4, ROM_WORDS],
  ['interrupt line', 0x3c, 1, LINE_WORDS],
  ['interrupt pin', 0x3d, 1, PIN_WORDS],
  ['bridge control', 0x3e, 2],
];

const HEADER_SIZE = 0x40;
const CONVENTIONAL_SIZE = 0x100;

function configParts(bytes: Uint8Array, fileOffset: number): DeviceField[] {
  if (bytes.length < CONVENTIONAL_SIZE) return [];
  const config = new Config(bytes);
  const fields = (config.isBridge ? BRIDGE : DEVICE).map(([name, at, size, words]): DeviceField => {
    const value = config.read(at, size);
    const meaning = words?.(value, config);
    return {
      name,
      type: size === 1 ? 'uint8' : `uint${8 * size} le`,
      offset: fileOffset + at,
      size,
      value: BigInt(value),
      ...(meaning === undefined ? {} : { words: meaning }),
    };
  });
  const rest = (name: string, start: number, end: number, words: string): DeviceField => {
    return { name, type: 'buffer', offset: fileOffset + start, size: end - start, value: bytes.slice(start, end), words };
  };
  fields.push(rest('capabilities and own registers', HEADER_SIZE, CONVENTIONAL_SIZE, capabilityWords(bytes)));
  if (bytes.length > CONVENTIONAL_SIZE) fields.push(rest('extended configuration', CONVENTIONAL_SIZE, bytes.length, 'PCI Express capabilities'));
  return fields;
}

/** "Intel PIIX3 ISA bridge (8086:7000)". */
function configWords(bytes: Uint8Array): string | undefined {
  if (bytes.length < CONVENTIONAL_SIZE) return undefined;
  const config = new Config(bytes);
  const name = known(PCI_DEVICES, config.ids) ?? known(PCI_CLASSES, config.class);
  return name ? `${name} (${config.ids})` : config.ids;
}

const CONFIG: FieldWords = { bytes: configWords, parts: configParts };

/** Levels of the four interrupt pins, as four big-endian numbers. */
const IRQ_STATE: FieldWords = {
  bytes(bytes) {
    const asserted = [0, 1, 2, 3].filter((pin) => bytes[4 * pin + 3]).map((pin) => `INT${'ABCD'[pin]}`);
    return asserted.length === 0 ? 'no pin asserted' : `${asserted.join(', ')} asserted`;
  },
};

export const PCI_TYPES: StructWords = { 'pci config': CONFIG, 'pci irq state': IRQ_STATE };

export const PCI_WORDS: Readonly<Record<string, StructWords>> = {
  PCIHost: {
    config_reg: {
      value: (address) => {
        if (address >> 31n === 0n) return 'no configuration cycle selected';
        const number = Number(address & 0xffffffn);
        const two = (part: number) => part.toString(16).padStart(2, '0');
        return `selects ${two(number >> 16)}:${two((number >> 11) & 31)}.${(number >> 8) & 7}, register ${hexOf(number & 0xfc, 2)}`;
      },
    },
  },
};
