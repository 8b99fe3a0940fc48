/** All tables of this folder as one: what is known of a field, by its structure and name, or by its type. */
import { CLOCK_TYPES, CLOCK_WORDS } from './clocks.ts';
import { oneOf, type FieldWords, type StructWords } from './field-words.ts';
import { INTERRUPT_WORDS } from './interrupts.ts';
import { MACHINE_TYPES, MACHINE_WORDS } from './machine-state.ts';
import { PCI_TYPES, PCI_WORDS } from './pci.ts';
import { RTC_WORDS } from './real-time-clock.ts';
import { SERIAL_WORDS } from './serial.ts';
import { VIRTIO_TYPES, VIRTIO_WORDS } from './virtio.ts';

const BY_STRUCT: Readonly<Record<string, StructWords>> = {
  ...INTERRUPT_WORDS,
  ...CLOCK_WORDS,
  ...RTC_WORDS,
  ...MACHINE_WORDS,
  ...SERIAL_WORDS,
  ...PCI_WORDS,
  ...VIRTIO_WORDS,
};
/** Lists of which only the end is there. */
const LIST_TYPES: StructWords = { qtailq: oneOf({ 0: 'empty list' }), qlist: oneOf({ 0: 'empty list' }) };
const BY_TYPE: StructWords = { ...LIST_TYPES, ...CLOCK_TYPES, ...MACHINE_TYPES, ...PCI_TYPES, ...VIRTIO_TYPES };

/** Names come from the file: `constructor` must not find anything. */
const own = <Value>(table: Readonly<Record<string, Value>> | undefined, key: string): Value | undefined =>
  table && Object.hasOwn(table, key) ? table[key] : undefined;

export function fieldWords(struct: string, field: string, type: string): FieldWords | undefined {
  return own(own(BY_STRUCT, struct), field) ?? own(BY_TYPE, type);
}
