/**
 * The bits of an AArch64 descriptor in words, lowest bit first.
 *
 * Source: as descriptor.ts; memory attributes of stage 2: DDI 0487J D8.5.5.
 */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { BitField } from '#shared/model/index.ts';
import { FieldList } from '../field-list.ts';
import { GRANULE_SHIFT, manualLevel, type DescriptorForm } from './descriptor.ts';

const unused = (value: bigint) => (value === 0n ? 'unused' : 'the CPU ignores these; the operating system keeps its own flags here');

export function invalidFields(entry: bigint): BitField[] {
  const list = new FieldList(entry);
  list.flag(
    0,
    'valid',
    'Valid',
    'not valid: the walk ends here with a translation fault',
    'valid, but of a type that this level does not have: a translation fault',
  );
  list.add(1, 63, 'ignored', 'Ignored', (value) =>
    value === 0n ? 'all clear' : 'the CPU ignores these; the operating system may keep something here',
  );
  return list.fields;
}

export function tableFields(form: DescriptorForm, level: number, entry: bigint): BitField[] {
  const list = new FieldList(entry);
  const { use } = form;
  list.flag(0, 'valid', 'Valid', '', 'valid');
  list.flag(1, 'type', 'Descriptor type', '', `points to a level ${manualLevel(level) + 1} table`);
  addAddress(list, form, GRANULE_SHIFT[form.granule], `the level ${manualLevel(level) + 1} table is`, 'Table address', false);
  list.add(51, 8, 'ignored', 'Ignored', unused);
  if (use === 'stage-2') {
    list.add(59, 5, 'reserved', 'Reserved', (value) => (value === 0n ? '0, as it should be' : 'set, although it should be 0'));
    return list.sorted();
  }
  const counts = form.flat ? ' if TCR.HPD were clear' : '';
  if (use === 'two' || use === 'aarch32') {
    list.flag(59, 'PXNTable', 'Privileged execute-never of all below', 'no limit', `EL1 executes nothing below this entry${counts}`);
    list.flag(60, 'UXNTable', 'Unprivileged execute-never of all below', 'no limit', `EL0 executes nothing below this entry${counts}`);
    list.flag(61, 'APTable[0]', 'No access from EL0 to all below', 'no limit', `EL0 reaches nothing below this entry${counts}`);
  } else list.flag(60, 'XNTable', 'Execute-never of all below', 'no limit', `nothing below this entry is executed${counts}`);
  list.flag(62, 'APTable[1]', 'All below is read-only', 'no limit', `nothing below this entry is written${counts}`);
  list.flag(
    63,
    'NSTable',
    'Non-secure table',
    'in the secure state, the tables below are in secure memory',
    'in the secure state, the tables below are in non-secure memory',
  );
  return list.sorted();
}

export function blockFields(form: DescriptorForm, level: number, entry: bigint): BitField[] {
  const list = new FieldList(entry);
  const page = level === 1;
  const pageShift = GRANULE_SHIFT[form.granule];
  const shift = pageShift + (level - 1) * (pageShift - 3);
  list.flag(0, 'valid', 'Valid', '', 'valid');
  list.flag(1, 'type', 'Descriptor type', `a block of ${formatSize(2 ** shift)}: the walk ends here`, 'a page');
  if (form.use === 'stage-2') addStage2(list);
  else addStage1(list, form);
  if (!form.lpa2) list.add(8, 2, 'SH', 'Shareability', shareability);
  list.flag(
    10,
    'AF',
    'Access flag',
    'clear: the first access raises an access-flag fault, or the CPU sets it (TCR.HA)',
    'has been used, or need not be watched',
  );
  if (form.use !== 'one' && form.use !== 'stage-2')
    list.flag(11, 'nG', 'Not global', 'the same in every address space: no ASID', 'of this ASID alone');
  addAddress(list, form, shift, `the ${page ? 'page' : 'block'} starts`, page ? 'Page address' : 'Block address', true);
  list.flag(51, 'DBM', 'Dirty bit modifier', 'the rights are as they say', 'a write to it makes it writable instead of faulting (TCR.HD)');
  list.flag(
    52,
    'Contiguous',
    'Contiguous',
    'an entry of its own',
    'one of a set of neighbours that lead on from each other: one TLB entry may hold them all',
  );
  if (form.use === 'stage-2') {
    list.add(
      53,
      2,
      'XN',
      'Execute-never',
      (value) => ['all may execute', 'EL0 may execute, EL1 not', 'nobody executes it', 'EL1 may execute, EL0 not'][Number(value)] ?? '',
    );
    list.add(55, 4, 'software', 'Available to software', unused);
    list.add(59, 5, 'ignored', 'Ignored', unused);
    return list.sorted();
  }
  list.flag(50, 'GP', 'Guarded page', 'branches may go anywhere in it', 'an indirect branch must go to a BTI instruction');
  if (form.use === 'two') {
    list.flag(53, 'PXN', 'Privileged execute-never', 'EL1 may execute it, unless EL0 may write it', 'EL1 does not execute it');
    list.flag(54, 'UXN', 'Unprivileged execute-never', 'EL0 may execute it', 'EL0 does not execute it');
  } else if (form.use === 'aarch32') {
    list.flag(53, 'PXN', 'Privileged execute-never', 'PL1 may execute it, unless XN is set', 'PL1 does not execute it');
    list.flag(54, 'XN', 'Execute-never', 'may be executed', 'is not executed');
  } else list.flag(54, 'XN', 'Execute-never', 'may be executed', 'is not executed');
  list.add(55, 4, 'software', 'Available to software', unused);
  list.add(59, 4, 'PBHA', 'Page-based hardware attributes', (value) => (value === 0n ? 'none' : `bits for the memory system (FEAT_HPDS2): ${value}`));
  list.add(63, 1, 'ignored', 'Ignored', unused);
  return list.sorted();
}

function addStage1(list: FieldList, { use }: DescriptorForm): void {
  list.add(2, 3, 'AttrIndx', 'Memory attributes', (value) => `those of byte ${value} of MAIR`);
  list.flag(5, 'NS', 'Non-secure', 'in the secure state, secure memory', 'in the secure state, non-secure memory');
  if (use !== 'one') list.add(6, 2, 'AP', 'Access permissions', (value) => RIGHTS_IN_WORDS[Number(value)] ?? '');
  else list.flag(7, 'AP[2]', 'Read-only', 'may be written', 'read-only');
}

const RIGHTS_IN_WORDS = ['EL1 reads and writes, EL0 has no access', 'EL1 and EL0 read and write', 'EL1 reads, EL0 has no access', 'EL1 and EL0 read'];

function addStage2(list: FieldList): void {
  list.add(2, 4, 'MemAttr', 'Memory attributes', stage2Memory);
  list.add(6, 2, 'S2AP', 'Access permissions', (value) => ['no access', 'read-only', 'write-only', 'read and write'][Number(value)] ?? '');
}

const DEVICE = ['Device-nGnRnE', 'Device-nGnRE', 'Device-nGRE', 'Device-GRE'];
const CACHED = ['reserved', 'non-cacheable', 'write-through', 'write-back'];

function stage2Memory(value: bigint): string {
  const [outer, inner] = [Number(value >> 2n), Number(value & 3n)];
  return outer === 0 ? (DEVICE[inner] ?? '') : `normal memory, outer ${CACHED[outer]}, inner ${CACHED[inner]}`;
}

function shareability(value: bigint): string {
  return ['non-shareable', 'reserved', 'outer shareable', 'inner shareable'][Number(value)] ?? '';
}

/** `shift`: lowest bit of the address that counts. */
function addAddress(list: FieldList, form: DescriptorForm, shift: number, what: string, title: string, page: boolean): void {
  const { granule, lpa2 } = form;
  const top = lpa2 ? 50 : (form.addressBits ?? 48);
  const high = granule === 64 ? list.bits(12, 4) << 48n : lpa2 ? list.bits(8, 2) << 50n : 0n;
  list.add(shift, top - shift, 'address', title, (value) => `${what} at GPA ${formatAddress((value << BigInt(shift)) | high)}`);
  if (granule === 64)
    list.add(12, 4, 'address high', 'Bits 48 to 51 of the address', (value) => (value === 0n ? 'below 2⁴⁸' : formatAddress(value << 48n)));
  if (lpa2) list.add(8, 2, 'address high', 'Bits 50 and 51 of the address', (value) => (value === 0n ? 'below 2⁵⁰' : formatAddress(value << 50n)));
  const low = page && shift > 16 ? shift : GRANULE_SHIFT[granule];
  if (low > 16)
    list.add(16, low - 16, 'ignored', 'Address bits below the block size', (value) =>
      value === 0n ? '0, as they should be' : 'the CPU ignores them',
    );
}
