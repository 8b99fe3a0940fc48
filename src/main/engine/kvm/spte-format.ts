/** Entries of nested page tables as KVM makes them: the CPU's format, with KVM's marks by name. See spte-marks.ts. */
import { formatAddress } from '#shared/address-text.ts';
import type { BitField } from '#shared/model/index.ts';
import { withEncryptionBit } from '../translate/encryption-bit.ts';
import { ENTRY_NOT_PRESENT, type EntryFormat, type PagingMode } from '../translate/paging-mode.ts';
import { hasBit, isFrozen, isMmio, type SpteMarks } from './spte-marks.ts';

/** The mode with entries that tell of KVM. An entry that marks a page as no memory, which the CPU refuses, is not present. */
export function kvmMode(mode: PagingMode, marks: SpteMarks): PagingMode {
  const { format } = withEncryptionBit(mode, marks.encryption);
  return { ...mode, format: kvmFormat(format, marks) };
}

function kvmFormat(format: EntryFormat, marks: SpteMarks): EntryFormat {
  const { mmio } = marks;
  const half = (value: bigint | undefined, shift: bigint) => Number(BigInt.asIntN(32, (value ?? 0n) >> shift));
  const [lowMask, highMask, lowValue, highValue] = [half(mmio?.mask, 0n), half(mmio?.mask, 32n), half(mmio?.value, 0n), half(mmio?.value, 32n)];
  const marked = mmio !== undefined;
  return {
    ...format,

    kind(level, low, high, noExecuteOff) {
      if (marked && (low & lowMask) === lowValue && (high & highMask) === highValue) return ENTRY_NOT_PRESENT;
      return format.kind(level, low, high, noExecuteOff);
    },

    fields(level, entry, kind, noExecuteOff): BitField[] {
      const fields = format.fields(level, entry, kind, noExecuteOff);
      return kind === ENTRY_NOT_PRESENT ? fields : fields.flatMap((field) => (field.name === 'AVL' ? named(field, marks) : [field]));
    },

    notPresentReason(level, entry) {
      if (isMmio(marks, entry)) return 'KVM marks the page as no memory: the CPU leaves the guest at an access, and KVM or QEMU carries it out';
      return format.notPresentReason?.(level, entry) ?? 'it is empty';
    },

    notPresentNote(level, entry) {
      if (isMmio(marks, entry)) return undefined;
      if (hasBit(entry, marks.memory))
        return `KVM has taken its rights away for a while, to see whether the guest still uses it; it led to HPA ${formatAddress(entry & ADDRESS)}`;
      return isFrozen(entry) ? 'a thread of KVM has taken the entry to change it' : format.notPresentNote(level, entry);
    },
  };
}

const ADDRESS = 0x000f_ffff_ffff_f000n;
const UNUSED = 'the CPU ignores these; KVM may keep something here';

/** Bits that software may use, one by one where KVM's are among them. */
function named(field: BitField, marks: SpteMarks): BitField[] {
  const names: [bit: number | undefined, name: string, title: string, clear: string, set: string][] = [
    [
      marks.hostWritable,
      'HW',
      'Host-writable (KVM)',
      'the process may not write the page, or its memslot is read-only',
      'the process may write the page',
    ],
    [marks.mmuWritable, 'MW', 'MMU-writable (KVM)', 'KVM does not let the guest write the page', 'KVM lets the guest write the page, if not at once'],
    [marks.memory, 'MEM', 'MMU-present (KVM)', 'KVM takes it for nothing', 'leads to a table or a page of memory'],
  ];
  const parts: BitField[] = [];
  for (let bit = field.bit; bit < field.bit + field.width; bit++) {
    const value = (field.value >> BigInt(bit - field.bit)) & 1n;
    const known = names.find(([candidate]) => candidate === bit);
    const last = parts.at(-1);
    if (known) parts.push({ name: known[1], bit, width: 1, value, title: known[2], meaning: hasBit(value, 0) ? known[4] : known[3] });
    else if (last?.name === 'AVL') {
      last.value |= value << BigInt(last.width++);
      last.meaning = last.value === 0n ? 'unused' : UNUSED;
    } else parts.push({ ...field, bit, width: 1, value, meaning: value === 0n ? 'unused' : UNUSED });
  }
  return parts;
}
