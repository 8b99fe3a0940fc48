/** The bits of a short descriptor in words, and the names of its flags; source as short-descriptor.ts. Memory types: DDI 0406C, B3.8. */
import { formatAddress } from '#shared/address-text.ts';
import type { BitField } from '#shared/model/index.ts';
import { ENTRY_NOT_PRESENT, ENTRY_TABLE, type EntryKind } from '#engine/translate/paging-mode.ts';
import { FieldList } from '../field-list.ts';
import { executeNever, isLarge, isSuper, permissionsOf } from './short-descriptor.ts';

const FIRST = 2;

const PERMISSIONS = [
  'no access',
  'PL1 reads and writes, user has no access',
  'PL1 reads and writes, user reads',
  'PL1 and user read and write',
  'reserved',
  'PL1 reads, user has no access',
  'PL1 and user read (deprecated)',
  'PL1 and user read',
];

function permissionsInWords(level: number, low: number, simple: boolean): string {
  const permissions = permissionsOf(level, low);
  if (!simple) return PERMISSIONS[permissions] ?? '';
  const accessed = (permissions & 1) !== 0 ? 'accessed' : 'not accessed yet: the first access raises an access-flag fault';
  return `${PERMISSIONS[permissions | 1]}; ${accessed}`;
}

export function shortFlagNames(level: number, low: number, kind: EntryKind, simple: boolean): string[] {
  if (kind === ENTRY_NOT_PRESENT) return [];
  if (kind === ENTRY_TABLE) return [...((low & 4) !== 0 ? ['PXN'] : []), ...((low & 8) !== 0 ? ['NS'] : [])];
  const permissions = permissionsOf(level, low);
  const first = level === FIRST;
  const names = [
    ...((low & 4) !== 0 ? ['B'] : []),
    ...((low & 8) !== 0 ? ['C'] : []),
    ...((permissions & 1) !== 0 ? [simple ? 'AF' : 'AP[0]'] : []),
    ...((permissions & 2) !== 0 ? ['AP[1]'] : []),
    ...((permissions & 4) !== 0 ? ['AP[2]'] : []),
    ...((low & (first ? 1 << 16 : 1 << 10)) !== 0 ? ['S'] : []),
    ...((low & (first ? 1 << 17 : 1 << 11)) !== 0 ? ['nG'] : []),
    ...(first && (low & 1) !== 0 ? ['PXN'] : []),
  ];
  return executeNever(level, low) ? [...names, 'XN'] : names;
}

export function shortFields(level: number, entry: bigint, kind: EntryKind, simple: boolean): BitField[] {
  const list = new FieldList(entry);
  const low = Number(entry);
  if (kind === ENTRY_NOT_PRESENT) {
    list.add(0, 2, 'type', 'Descriptor type', () => 'not valid: the walk ends here with a translation fault');
    list.add(2, 30, 'ignored', 'Ignored', (value) => (value === 0n ? 'all clear' : 'the CPU ignores these'));
    return list.fields;
  }
  if (kind === ENTRY_TABLE) tableFields(list);
  else if (level === FIRST) sectionFields(list, low, simple);
  else pageFields(list, low, simple);
  return list.sorted();
}

const domain = (value: bigint) => `domain ${value}; DACR says whether rights count for it`;

function tableFields(list: FieldList): void {
  list.add(0, 2, 'type', 'Descriptor type', () => 'points to a second-level table');
  list.flag(2, 'PXN', 'Privileged execute-never of all below', 'no limit', 'PL1 executes nothing below this entry');
  list.flag(3, 'NS', 'Non-secure', 'in the secure state, the table is in secure memory', 'in the secure state, the table is in non-secure memory');
  list.add(5, 4, 'domain', 'Domain', domain);
  list.add(9, 1, 'implementation', 'Implementation-defined', (value) => (value === 0n ? 'clear' : 'set'));
  list.add(10, 22, 'address', 'Table address', (value) => `the L2 table is at GPA ${formatAddress(value << 10n)}`);
}

/** TEX, C and B, whose meaning SCTLR.TRE decides. */
function memoryType(list: FieldList, tex: number): string {
  const number = Number(list.bits(tex, 1) << 2n) | Number(list.bits(3, 1) << 1n) | Number(list.bits(2, 1));
  return `with SCTLR.TRE the type is number ${number} of PRRR and NMRR`;
}

function cacheBits(list: FieldList, tex: number): void {
  list.flag(2, 'B', 'Bufferable', 'clear', 'set');
  list.flag(3, 'C', 'Cacheable', 'clear', 'set');
  list.add(tex, 3, 'TEX', 'Memory type', () => memoryType(list, tex));
}

function sectionFields(list: FieldList, low: number, simple: boolean): void {
  list.flag(0, 'PXN', 'Privileged execute-never', 'PL1 may execute it', 'PL1 does not execute it');
  list.flag(
    1,
    'type',
    'Descriptor type',
    '',
    isSuper(FIRST, low) ? 'a supersection of 16 MiB: the walk ends here' : 'a section of 1 MiB: the walk ends here',
  );
  list.flag(4, 'XN', 'Execute-never', 'may be executed', 'is not executed');
  list.add(10, 2, 'AP[1:0]', 'Access permissions', () => permissionsInWords(FIRST, low, simple));
  cacheBits(list, 12);
  list.flag(15, 'AP[2]', 'Access permissions, high bit', 'writes as AP[1:0] says', 'read-only');
  list.flag(16, 'S', 'Shareable', 'no', 'yes');
  list.flag(17, 'nG', 'Not global', 'the same in every address space: no ASID', 'of this ASID alone');
  list.flag(18, 'super', 'Supersection', 'a section', 'a supersection');
  list.flag(19, 'NS', 'Non-secure', 'in the secure state, secure memory', 'in the secure state, non-secure memory');
  if (isSuper(FIRST, low)) {
    list.add(5, 4, 'address 36-39', 'Bits 36 to 39 of the address', (value) => formatAddress(value << 36n));
    list.add(20, 4, 'address 32-35', 'Bits 32 to 35 of the address', (value) => formatAddress(value << 32n));
    const high = (list.bits(20, 4) << 32n) | (list.bits(5, 4) << 36n);
    list.add(24, 8, 'address', 'Supersection address', (value) => `starts at GPA ${formatAddress((value << 24n) | high)}`);
    return;
  }
  list.add(5, 4, 'domain', 'Domain', domain);
  list.add(20, 12, 'address', 'Section address', (value) => `starts at GPA ${formatAddress(value << 20n)}`);
}

function pageFields(list: FieldList, low: number, simple: boolean): void {
  const large = isLarge(1, low);
  if (large) list.add(0, 2, 'type', 'Descriptor type', () => 'a large page of 64 KiB');
  else {
    list.flag(0, 'XN', 'Execute-never', 'may be executed', 'is not executed');
    list.flag(1, 'type', 'Descriptor type', '', 'a small page of 4 KiB');
  }
  list.add(4, 2, 'AP[1:0]', 'Access permissions', () => permissionsInWords(1, low, simple));
  list.flag(9, 'AP[2]', 'Access permissions, high bit', 'writes as AP[1:0] says', 'read-only');
  list.flag(10, 'S', 'Shareable', 'no', 'yes');
  list.flag(11, 'nG', 'Not global', 'the same in every address space: no ASID', 'of this ASID alone');
  cacheBits(list, large ? 12 : 6);
  if (large) {
    list.flag(15, 'XN', 'Execute-never', 'may be executed', 'is not executed');
    list.add(16, 16, 'address', 'Page address', (value) => `the page starts at GPA ${formatAddress(value << 16n)}`);
  } else list.add(12, 20, 'address', 'Page address', (value) => `the page starts at GPA ${formatAddress(value << 12n)}`);
}
