import { cpuView } from '../cpu-view.ts';
import { describe, expect, it } from 'vitest';
import { nextStep } from '../../../src/renderer/src/features/overview/next-step.ts';
import type { CpuSummary, DumpSummary, MemoryMap, MemoryRegion } from '../../../src/shared/model/index.ts';

const dump = (cpus: CpuSummary[]): DumpSummary => ({
  dumpId: 'd',
  name: 'guest.save',
  path: '/var/guest.save',
  size: 1,
  format: 'qemu-stream',
  space: 'gpa',
  hasHostAddresses: false,
  formatTitle: 'QEMU migration stream',
  sentence: '',
  layers: [],
  files: ['/var/guest.save'],
  options: {},
  documents: [],
  snapshots: [],
  deviceCount: 0,
  architecture: 'x86-64',
  rootModes: [],
  cpus,
  memory: { total: 1, states: {} },
  facts: [],
  diagnostics: [],
  access: { kind: 'pread', reason: '' },
});
const region = (strength: MemoryRegion['evidence']['strength']): MemoryRegion => ({
  start: 0,
  last: 0xfff,
  block: 'pc.ram',
  blockOffset: 0,
  readOnly: false,
  evidence: { strength, text: '' },
  states: {},
});
const map = (...regions: MemoryRegion[]): MemoryMap => ({ regions, blocks: [], corrections: [] });
const registers = { instructionRegister: 'rip', rootRegister: 'CR3' };
const halted: CpuSummary = { ...registers, index: 0, mode: '64-bit kernel, halted', instructionPointer: 0xffffffff81000000n, root: 0x1000 };
const running: CpuSummary = { ...registers, index: 1, mode: '64-bit user', instructionPointer: 0x401000n, root: 0x2000 };

describe('the next sensible step', () => {
  it('is the memory map while a region is guessed: every address depends on it', () => {
    expect(nextStep(dump([running]), map(region('proven'), region('guessed')))).toMatchObject({ panel: 'memory-map' });
  });
  it('walks the CPU that was at work, not the one that idled', () => {
    expect(nextStep(dump([halted, running]), map(region('proven')))).toMatchObject({
      panel: 'page-walk',
      cpu: 1,
      target: { space: 'gva', address: 0x401000n },
    });
  });
  it('walks an idle CPU when all idled', () => expect(nextStep(dump([halted]), null)).toMatchObject({ panel: 'page-walk', cpu: 0 }));
  it('is the registers where paging is off', () => {
    expect(nextStep(dump([{ ...halted, root: null }]), map())).toMatchObject({ panel: 'registers' });
  });
  it('passes over a CPU whose paging is off, though its CR3 holds a number', () => {
    const off = cpuView({ index: 1, paging: { mode: 'off', root: 0x2000 } });
    expect(nextStep(dump([halted, running]), null, [off])).toMatchObject({ panel: 'page-walk', cpu: 0 });
  });
  it('is the memory map where there is no CPU', () => expect(nextStep(dump([]), map())).toMatchObject({ panel: 'memory-map' }));
});
