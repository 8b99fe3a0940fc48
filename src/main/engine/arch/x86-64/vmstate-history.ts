/**
 * QEMU's `cpu` section of an x86 target in all versions, for streams that do not describe it: machine types up to 2.2, QEMU since 0.9.1, RHEL 5 and 6.
 *
 * | version | what came with it | |
 * |---|---|---|
 * | 3 | | |
 * | 4 | smbase | |
 * | 5 | PAT, SVM, halted | 2008 |
 * | 6 | halted went to cpu_common | 2008-07 |
 * | 7 | SYSENTER's addresses as long as the target's | 2008-09 |
 * | 8 | MTRRs | 2009-01 |
 * | 9 | KVM: pending interrupt, mp_state, TSC (for weeks: interrupt bitmap, TSC, mp_state) | 2009-05 |
 * | 10 | MCE (at first: no more than mcg_cap where that is 0) | 2009-07 |
 * | 11 | TSC_AUX, then KVM's clock and events | 2009-10 |
 * | 12 | XSAVE | 2010-06 |
 *
 * The KVM fork (kvm-NN, RHEL 5) appended its own state to versions 4 to 8 when KVM ran: interrupt bitmap, TSC, since version 5 mp_state. RHEL 5's versions
 * 8 and 9 are 7 with more of that: KVM's clock (8), events (9). A version thus has several layouts: section length or what follows decides.
 *
 * Facts: QEMU target-i386/machine.c (v0.10 to v0.13, and states between), crash qemu-load.c (RHEL 5).
 */
import type { VmDescription } from '../vmstate.ts';
import { cpuVersion12, fieldsBeforeXsave } from './vmstate-layout.ts';
import {
  array,
  core,
  EVENT_FLAGS,
  KVM,
  KVM_CLOCK,
  MCE,
  MTRRS,
  SMBASE,
  structure,
  svm,
  TSC_AUX,
  u32,
  u64,
  u64s,
  type CoreForm,
  type Field,
  type TargetBits,
} from './vmstate-parts.ts';

/** What the KVM fork appended. */
const INTERRUPTS: readonly Field[] = [array(u64('env.interrupt_bitmap'), 4), u64('env.tsc')];
const KVM_FORK: readonly Field[] = [...INTERRUPTS, u32('env.mp_state')];
/** Without machine checks the first form of version 10 ended here. */
const NO_MCE: readonly Field[] = u64s('mcg_cap');

/** All layouts of the versions before 12, by version; of each the likeliest first. */
function olderLayouts(form: CoreForm): [version: number, fields: Field[]][] {
  const narrow = core({ ...form, narrowSysenter: true });
  const upTo5 = [...narrow, ...SMBASE, ...svm(u32('env.halted'))];
  const upTo6 = [...narrow, ...SMBASE, ...svm()];
  const upTo7 = [...core(form), ...SMBASE, ...svm()];
  const upTo8 = [...upTo7, ...MTRRS];
  return [
    [3, narrow],
    [4, [...narrow, ...SMBASE]],
    [4, [...narrow, ...SMBASE, ...INTERRUPTS]],
    [5, upTo5],
    [5, [...upTo5, ...KVM_FORK]],
    [6, upTo6],
    [6, [...upTo6, ...KVM_FORK]],
    [7, upTo7],
    [7, [...upTo7, ...KVM_FORK]],
    [8, upTo8],
    [8, [...upTo8, ...KVM_FORK]],
    [8, [...upTo7, ...KVM_FORK, ...KVM_CLOCK]],
    [9, [...upTo8, ...KVM]],
    [9, [...upTo8, ...KVM_FORK]],
    [9, [...upTo7, ...KVM_FORK, ...KVM_CLOCK, ...EVENT_FLAGS]],
    [10, [...upTo8, ...KVM, ...MCE]],
    [10, [...upTo8, ...KVM, ...NO_MCE]],
    [10, [...upTo8, ...KVM_FORK, ...MCE]],
    [10, [...upTo8, ...KVM_FORK, ...NO_MCE]],
    [11, fieldsBeforeXsave(form)],
    [11, [...upTo8, ...KVM, ...MCE, ...TSC_AUX]],
    [11, [...upTo8, ...KVM, ...NO_MCE, ...TSC_AUX]],
  ];
}

/** Every layout of a target's `cpu` section, the newest first. */
export function cpuLayouts(target: TargetBits): VmDescription[] {
  return [false, true].flatMap((doubles) => {
    const form = { target, doubles };
    const older = olderLayouts(form).map(([version, fields]) => structure('cpu', version, fields));
    return [cpuVersion12(form), cpuVersion12(form, false), ...older];
  });
}
