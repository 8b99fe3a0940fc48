/** The registers of an s390x CPU: their order, groups and bit tables. Names are gdb's where gdb has one. */
import type { Register, RegisterGroup } from '#shared/model/index.ts';
import { decodeBits, type BitTable } from '../bit-table.ts';
import type { CpuState } from '../cpu-state.ts';
import { ASCE_BITS, REAL_SPACE_BITS } from './bits/asce.ts';
import { CR0_BITS, CR12_BITS, CR14_BITS, CR15_BITS, CR2_BITS, CR3_BITS, CR4_BITS, CR5_BITS, CR6_BITS, CR8_BITS, CR9_BITS } from './bits/control.ts';
import { BPBC_BITS, CPU_STATE_BITS, FPC_BITS, PREFIX_BITS } from './bits/others.ts';
import { PSW_MASK_BITS } from './bits/psw.ts';

interface RegisterRow {
  group: RegisterGroup;
  bits?: BitTable;
  addressSpace?: 'gva' | 'gpa';
}

const rows = new Map<string, RegisterRow>();

function list(group: RegisterGroup, names: readonly string[], extra: Omit<RegisterRow, 'group'> = {}): void {
  for (const name of names) rows.set(name, { group, ...extra });
}

const numbered = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

list('general', ['pswm'], { bits: PSW_MASK_BITS });
list('general', ['pswa'], { addressSpace: 'gva' });
list('general', numbered('r', 15));
list('general', ['r15'], { addressSpace: 'gva' });
list('general', ['orig_r2']);

const CONTROL_BITS: readonly (BitTable | undefined)[] = [
  ...[CR0_BITS, ASCE_BITS, CR2_BITS, CR3_BITS, CR4_BITS, CR5_BITS, CR6_BITS, ASCE_BITS, CR8_BITS, CR9_BITS],
  ...[undefined, undefined, CR12_BITS, ASCE_BITS, CR14_BITS, CR15_BITS],
];
for (const [n, bits] of CONTROL_BITS.entries()) list('control', [`cr${n}`], bits ? { bits } : { addressSpace: 'gva' });

list('system', ['prefix'], { bits: PREFIX_BITS, addressSpace: 'gpa' });
list('system', numbered('acr', 16));
list('system', ['last_break'], { addressSpace: 'gva' });
list('system', ['pp', 'pfault_token', 'pfault_compare', 'pfault_select']);
list('system', ['gs_reserved', 'gsd', 'gssm']);
list('system', ['gsepl'], { addressSpace: 'gva' });
list('system', ['bpbc'], { bits: BPBC_BITS });
list('system', ['etoken', 'etoken_extension', 'diag318_info', 'riccb']);

list('floating-point', ['fpc'], { bits: FPC_BITS });
list('floating-point', numbered('f', 16));
list('vector', numbered('v', 32));
list('timer', ['cputm', 'ckc', 'todpr']);
list('other', ['cpu_state'], { bits: CPU_STATE_BITS });
list('other', ['sigp_order', 'ex_value']);

const ORDER = new Map([...rows.keys()].map((name, place) => [name, place]));
const REAL_SPACE = 0x20n;

/** All registers that the state holds, in display order, decoded. */
export function describeRegisters(state: CpuState): Register[] {
  const last = ORDER.size;
  return Object.entries(state.registers)
    .sort(([a], [b]) => (ORDER.get(a) ?? last) - (ORDER.get(b) ?? last))
    .map(([name, { value, width, source, inferred }]) => {
      const { group = 'other', bits, addressSpace } = rows.get(name) ?? {};
      const table = bits === ASCE_BITS && (value & REAL_SPACE) !== 0n ? REAL_SPACE_BITS : bits;
      const extra = { ...(inferred === undefined ? {} : { inferred }), ...(addressSpace === undefined ? {} : { addressSpace }) };
      return { name, value, width, group, source, ...extra, fields: table === undefined ? [] : decodeBits(table, value, width) };
    });
}
