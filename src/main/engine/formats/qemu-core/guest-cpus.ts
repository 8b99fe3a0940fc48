/**
 * The guest's CPUs: for each, what migration would save of it (savevm-entries.ts), read where it lies, and decoded as out of a stream.
 *
 * Exact under TCG, but for a CPU in the middle of translated code, whose registers are those of its last exit from it. Under KVM they are what QEMU last asked the kernel for.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic } from '#shared/model/index.ts';
import type { Architecture } from '../../arch/architecture.ts';
import type { CpuState } from '../../arch/cpu-state.ts';
import { ARCHITECTURES } from '../../arch/index.ts';
import type { VmStruct } from '../../arch/vmstate.ts';
import type { ProcessMemory } from '../process-core/process-memory.ts';
import { withSystemRegisters } from './arm-saved-state.ts';
import { DescribedState, type ReadState } from './described-state.ts';
import type { QemuObjects } from './objects.ts';
import type { SavevmEntry } from './savevm-entries.ts';
import type { Numbering } from './x86-condition-codes.ts';
import { withSpecialRegisters } from './ppc-saved-state.ts';
import { addLazyFlags, withX87 } from './x86-saved-state.ts';

export interface GuestCpus {
  /** Id of the family; undefined when no CPU says it. */
  architecture: string | undefined;
  cpus: CpuState[];
  diagnostics: Diagnostic[];
}

export interface CpuContext {
  memory: ProcessMemory;
  objects: QemuObjects;
  entries: readonly SavevmEntry[];
  /** `tcg-accel`, `kvm-accel`; undefined when not found. */
  accelerator: string | undefined;
  /** Of condition codes, where the version is known. */
  numbering: Numbering | undefined;
  /** Path of QEMU's executable: `…/qemu-system-aarch64`. */
  executable: string | undefined;
}

/** Ends of the names of CPU types (TYPE_…_CPU), and the family; where it depends, the executable's name says which. */
const FAMILIES: readonly [suffix: string, family: string, executable?: RegExp][] = [
  ['-x86_64-cpu', 'x86-64'],
  ['-i386-cpu', 'i386'],
  ['-arm-cpu', 'arm', /qemu-system-arm$/],
  ['-arm-cpu', 'arm64'],
  ['-s390x-cpu', 's390x'],
  ['-s390-cpu', 's390x'],
  ['-powerpc64-cpu', 'ppc64'],
  ['-powerpc-cpu', 'ppc'],
  ['-riscv-cpu', 'riscv32', /qemu-system-riscv32$/],
  ['-riscv-cpu', 'riscv64'],
  ['-loongarch-cpu', 'loongarch64'],
  ['-mips64-cpu', 'mips'],
  ['-mips-cpu', 'mips'],
];

function familyOf(type: string, executable: string | undefined): string | undefined {
  return FAMILIES.find(([suffix, , program]) => type.endsWith(suffix) && (!program || program.test(executable ?? '')))?.[1];
}

export function readGuestCpus(context: CpuContext): GuestCpus {
  const { objects, entries, executable } = context;
  const found = entries.filter(({ name }) => name === 'cpu_common').map((common) => ({ common, type: objects.typeOf(common.object) ?? '' }));
  const family = found.map(({ type }) => familyOf(type, executable)).find((id) => id !== undefined);
  const architecture = ARCHITECTURES.find(({ id }) => id === family);
  const diagnostics: Diagnostic[] = [];
  const cpus = found.map(({ common, type }, index): CpuState => {
    const cpu = architecture && readCpu(context, architecture, common, { type, index });
    if (cpu && 'registers' in cpu) return cpu;
    diagnostics.push({
      severity: 'data-loss',
      code: 'cpu-undecoded',
      message: `CPU ${index} (${type || 'of unknown type'}): ${cpu?.reason ?? 'CPUs of this kind are not decoded yet'}.`,
      consequence: 'Its registers are missing.',
    });
    return { index, registers: {}, segments: {} };
  });
  if (cpus.length === 0) {
    diagnostics.push({
      severity: 'data-loss',
      code: 'no-cpus',
      message: "QEMU's list of what has state to be saved is not found in the core, or has no CPU in it.",
      consequence: 'There are no registers, so virtual addresses need a root typed in.',
    });
  }
  return { architecture: family, cpus, diagnostics };
}

function readCpu(
  context: CpuContext,
  architecture: Architecture,
  common: SavevmEntry,
  { type, index }: { type: string; index: number },
): CpuState | { reason: string } {
  const { memory, entries, accelerator, numbering } = context;
  const own = entries.find(({ name, object }) => (name === 'cpu' || name.endsWith('/cpu')) && object === common.object);
  if (!own) return { reason: 'QEMU saves its registers in a way that is not known here' };
  const states = new DescribedState(memory);
  const read = states.read(own.description, own.object, architecture.cpuLayouts ?? [architecture.cpuDescription]);
  if (!read) return { reason: 'the description of its state in the core does not fit any that is known, or is not in the core' };
  const isX86 = architecture.id === 'x86-64' || architecture.id === 'i386';
  const state = asSaved(memory, read, architecture.id);
  if (!architecture.ownsVmstate(state)) return { reason: `its state is not that of ${architecture.title}` };
  try {
    const where = `${type} at 0x${own.object.toString(16)} in QEMU${accelerator === 'kvm-accel' ? ', as KVM last gave it to QEMU' : ''}`;
    const cpu = architecture.cpuFromVmstate(state, commonState(memory, states, common), where, index);
    if (isX86 && accelerator !== 'kvm-accel') addLazyFlags(memory, cpu, read, numbering);
    return cpu;
  } catch (error) {
    if (error instanceof WorkbenchError) return { reason: error.message };
    throw error;
  }
}

/** With what QEMU works out only when it saves. */
function asSaved(memory: ProcessMemory, read: ReadState, family: string): VmStruct {
  switch (family) {
    case 'x86-64':
    case 'i386':
      return withX87(memory, read);
    case 'ppc64':
      return withSpecialRegisters(memory, read);
    case 'arm64':
      return withSystemRegisters(memory, read);
    default:
      return read.state;
  }
}

/** `halted`, the first field of vmstate_cpu_common (QEMU cpu.c or hw/core/cpu-system.c). */
function commonState(memory: ProcessMemory, states: DescribedState, { description, object }: SavevmEntry): VmStruct | undefined {
  const offset = states.offsetOf(description, 0);
  const halted = offset === undefined ? undefined : memory.unsigned(object + offset, 4);
  if (halted === undefined || halted > 1n) return undefined;
  const fileOffset = memory.fileOffset(object + offset!) ?? 0;
  const field = { name: 'halted', type: 'uint32', size: 4, fileOffset, values: [halted] };
  return { name: 'cpu_common', version: 1, fileOffset, size: 4, fields: [field], subsections: [] };
}
