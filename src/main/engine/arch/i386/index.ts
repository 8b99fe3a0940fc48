/**
 * 32-bit x86: the CPU family of EM_386 dumps, of qemu-system-i386's streams, and of a 64-bit machine whose first CPU was not in long mode
 * when QEMU dumped it.
 *
 * It is the 64-bit family with half of each register: a CpuState has the 64-bit names (rax is 32 bits wide), what the user sees has gdb's (eax).
 * Not supported: a CPU's x87 and SSE registers out of notes (QEMU writes none).
 */
import type { CpuView } from '#shared/model/index.ts';
import type { Architecture } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { describeX86Cpu, x86_64 } from '../x86-64/index.ts';
import { regimeOf } from '../x86-64/paging-state.ts';
import { cpuLayouts } from '../x86-64/vmstate-history.ts';
import { cpuDescription32 } from '../x86-64/vmstate-layout.ts';
import { targetBitsOf } from '../x86-64/vmstate.ts';
import { cpuFromNotes, encodeNotes, missingNoteRegisters, shortName } from './notes.ts';

export const EM_386 = 3;

function describeCpu(state: CpuState): CpuView {
  const view = describeX86Cpu(state, i386);
  const registers = view.registers.map((register) => (register.width <= 32 ? { ...register, name: shortName(register.name) } : register));
  return { ...view, registers };
}

export const i386: Architecture = {
  ...x86_64,
  id: 'i386',
  title: 'i386 (32-bit x86)',
  elfMachine: EM_386,
  pointers: { instruction: 'eip', stack: 'esp' },
  cpuDescription: cpuDescription32,
  cpuLayouts: cpuLayouts(32),
  ownsVmstate: (cpu) => targetBitsOf(cpu) === 32,
  describeCpu,
  rootModes: ['x86-pae', 'x86-32'],
  // Kernels for more than 4 GiB, or for no-execute, use PAE: most distributions' do.
  regimesOf: (state) => [regimeOf(state, 'x86-pae')],
  cpuFromNotes,
  // Its VMCOREINFO does not say where the tables are.
  completeCpus: undefined,
  encodeNotes,
  missingNoteRegisters,
};
