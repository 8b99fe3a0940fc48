/**
 * QEMU's own flags, which a stream holds beside the registers: `hflags`, `hflags2`, `mp_state`.
 * Source: QEMU 7.2 target/i386/cpu.h (HF_…_SHIFT, HF2_…_SHIFT), Linux include/uapi/linux/kvm.h (KVM_MP_STATE_…).
 */
import { field, flag, type BitTable } from '../../bit-table.ts';

const copy = (bit: number, name: string, of: string) => flag(bit, name, `Copy of ${of}`, 'clear', 'set');

export const HFLAGS_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(28, 'AVX_EN', 'AVX', 'off', 'on'),
    copy(27, 'UMIP', 'CR4.UMIP'),
    flag(26, 'MPX_IU', 'MPX bounds in use', 'no', 'yes'),
    flag(25, 'MPX_EN', 'MPX', 'off', 'on'),
    flag(24, 'IOBPT', 'I/O breakpoints', 'none', 'one is on'),
    copy(23, 'SMAP', 'CR4.SMAP'),
    copy(22, 'OSFXSR', 'CR4.OSFXSR'),
    flag(21, 'GUEST', 'Nested guest', 'no nested guest runs', 'the CPU runs a nested guest (L2)'),
    copy(20, 'SVME', 'EFER.SVME'),
    flag(19, 'SMM', 'System management mode', 'no', 'the CPU is in system management mode'),
    copy(18, 'AC', 'RFLAGS.AC'),
    copy(17, 'VM', 'RFLAGS.VM'),
    copy(16, 'RF', 'RFLAGS.RF'),
    flag(15, 'CS64', '64-bit code segment', 'no', 'yes'),
    copy(14, 'LMA', 'EFER.LMA'),
    field(12, 2, 'IOPL', 'Copy of RFLAGS.IOPL', (value) => `ring ${value}`),
    copy(11, 'TS', 'CR0.TS'),
    copy(10, 'EM', 'CR0.EM'),
    copy(9, 'MP', 'CR0.MP'),
    copy(8, 'TF', 'RFLAGS.TF'),
    copy(7, 'PE', 'CR0.PE'),
    flag(6, 'ADDSEG', 'Segment bases', 'all 0', 'some count'),
    flag(5, 'SS32', '32-bit stack segment', 'no', 'yes'),
    flag(4, 'CS32', '32-bit code segment', 'no', 'yes'),
    flag(3, 'INHIBIT_IRQ', 'Interrupt shadow', 'no', 'interrupts wait for one instruction (STI, MOV SS)'),
    field(0, 2, 'CPL', 'Current privilege level', (value) => `ring ${value}`),
  ],
};

export const HFLAGS2_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(8, 'VGIF', 'Virtual global interrupt flag', 'off', 'on'),
    flag(7, 'IGNNE', 'IGNNE# pin', 'clear', 'set'),
    flag(6, 'NPT', 'Nested paging', 'no', 'the nested guest uses nested page tables'),
    flag(5, 'MPX_PR', 'MPX bounds preserved', 'no', 'yes'),
    flag(4, 'SMM_INSIDE_NMI', 'System management mode inside an NMI', 'no', 'yes'),
    flag(3, 'VINTR', 'Virtual interrupt masking', 'no', 'yes'),
    flag(2, 'NMI', 'NMIs blocked', 'no', 'yes, until IRET'),
    flag(1, 'HIF', 'Host interrupt flag', 'clear', 'set'),
    flag(0, 'GIF', 'Global interrupt flag', 'clear', 'set'),
  ],
};

const STATES = [
  'running, or not kept (QEMU without KVM)',
  'never started: waits for INIT',
  'has had INIT, waits for a start-up interrupt',
  'halted',
  'has had a start-up interrupt',
];

export const MP_STATE_BITS: BitTable = {
  unlisted: 'other',
  rows: [field(0, 4, 'state', 'KVM run state', STATES)],
};
