/** Layouts of vCPUs that no dump of the lab has; those of Linux 6.1 are judged in tests/lab/kvm-vms.lab.test.ts. */
import { describe, expect, it } from 'vitest';
import { readVcpus, summarizeVcpu } from '#engine/kvm/vcpus.ts';
import { MadeKvm, xarray, xaNode } from './made-kvm.ts';
import { array, pointer, struct, typesOf, u32, u64, u8 } from './made-structs.ts';

const KVM = 0x1000n;
const counter = struct('atomic_t', { counter: u32 });
const vcpu = struct('kvm_vcpu', {
  vcpu_id: u32,
  mode: u32,
  pid: pointer,
  arch: struct('kvm_vcpu_arch', { regs: array(u64, 17), cr3: u64, mp_state: u32 }),
});
const pid = struct('pid', { count: u32, level: u32, numbers: array(struct('upid', { nr: u32, pad: u32, ns: pointer }), 1) });
const registers = { kvm_reg: { VCPU_REGS_RAX: 0, VCPU_REGS_RIP: 16 } };

describe('vCPUs', () => {
  it('are read from an array of pointers before 5.17, as many as are online', () => {
    const kvm = struct('kvm', { vcpus: array(pointer, 288), online_vcpus: counter });
    const kernel = new MadeKvm(typesOf([kvm, vcpu, counter]));
    const machine = kernel.write('kvm', KVM, { 'vcpus[0]': 0x5000, 'vcpus[1]': 0x6000, 'vcpus[2]': 0x7000, 'online_vcpus.counter': 2 });
    const { vcpus, problems } = readVcpus(kernel.kvm, machine);
    expect(vcpus.map(({ address }) => address)).toEqual([0x5000n, 0x6000n]);
    expect(problems).toEqual([]);
  });

  const kvm = struct('kvm', { vcpu_array: xarray, online_vcpus: counter });
  const made = () => new MadeKvm(typesOf([kvm, vcpu, counter, xarray, xaNode]));
  const NODE = 0x3000n;

  it('are read from an XArray: the only one stands in its head', () => {
    const kernel = made();
    const machine = kernel.write('kvm', KVM, { 'vcpu_array.xa_head': 0x5000, 'online_vcpus.counter': 1 });
    expect(readVcpus(kernel.kvm, machine).vcpus.map(({ address }) => address)).toEqual([0x5000n]);
  });

  it('are read from the nodes of an XArray in the order of their index, whatever else stands in it', () => {
    const kernel = made();
    const machine = kernel.write('kvm', KVM, { 'vcpu_array.xa_head': NODE + 2n, 'online_vcpus.counter': 3 });
    // A number, a place that is reserved (zero entry), a neighbour's mark.
    kernel.write('xa_node', NODE, { shift: 6, 'slots[0]': 0x4002, 'slots[1]': 0x8002, 'slots[2]': 0x11, 'slots[3]': 0x402, 'slots[4]': 0x2 });
    kernel.write('xa_node', 0x4000n, { shift: 0, 'slots[0]': 0x5000, 'slots[63]': 0x6000 });
    kernel.write('xa_node', 0x8000n, { shift: 0, 'slots[0]': 0x7000 });
    const { vcpus, problems } = readVcpus(kernel.kvm, machine);
    expect(vcpus.map(({ address }) => address)).toEqual([0x5000n, 0x6000n, 0x7000n]);
    expect(problems).toEqual([]);
  });

  it('in an XArray that leads into itself end, and what is missing is said', () => {
    const kernel = made();
    const machine = kernel.write('kvm', KVM, { 'vcpu_array.xa_head': NODE + 2n, 'online_vcpus.counter': 2 });
    kernel.write('xa_node', NODE, { shift: 6, 'slots[0]': NODE + 2n, 'slots[1]': 0x5000 });
    const { vcpus, problems } = readVcpus(kernel.kvm, machine);
    expect(vcpus.map(({ address }) => address)).toEqual([0x5000n]);
    expect(problems).toEqual(['The array of vCPUs is not whole: it leads into itself.', '2 vCPUs are online, but only 1 are in the dump.']);
  });

  it('are not read when their number is absurd', () => {
    const kernel = made();
    const machine = kernel.write('kvm', KVM, { 'online_vcpus.counter': 0x7fff_ffff });
    expect(readVcpus(kernel.kvm, machine)).toEqual({ vcpus: [], problems: ['The number of vCPUs is 2147483647: they are not read.'] });
  });
});

describe('a vCPU at a glance', () => {
  it.each([
    [0, 0, 'runnable'],
    [1, 0, 'running'],
    [1, 3, 'running'],
    [0, 1, 'not started'],
    [0, 2, 'waiting for SIPI'],
    [0, 3, 'halted'],
    [0, 77, 'state 77'],
  ])('with mode %d and mp_state %d is said to be %s', (mode, state, words) => {
    const kernel = new MadeKvm(typesOf([struct('kvm', { mm: pointer }), vcpu, pid], registers));
    kernel.write('pid', 0x9000n, { 'numbers[0].nr': 4711 });
    const { address } = kernel.write('kvm_vcpu', 0x5000n, { vcpu_id: 5, mode, pid: 0x9000, 'arch.mp_state': state, 'arch.cr3': 0x1234_5000 });
    kernel.write('kvm_vcpu', address, { 'arch.regs[16]': 0xffff_ffff_8100_0000n });
    expect(summarizeVcpu(kernel.kvm, kernel.at('kvm_vcpu', address))).toEqual({
      id: 5,
      thread: 4711,
      instructionPointer: 0xffff_ffff_8100_0000n,
      root: 0x1234_5000,
      state: words,
    });
  });

  it('has its instruction pointer apart from the other registers in Linux 7.2', () => {
    const arch = struct('kvm_vcpu_arch', { regs: array(u64, 16), rip: u64, cr3: u64 });
    const kernel = new MadeKvm(typesOf([struct('kvm', { mm: pointer }), struct('kvm_vcpu', { arch, vcpu_id: u32 })]));
    const made = kernel.write('kvm_vcpu', 0x5000n, { 'arch.rip': 0x1234 });
    expect(summarizeVcpu(kernel.kvm, made).instructionPointer).toBe(0x1234n);
  });

  it.each([
    [0b01, 0x1234n, null],
    [0b10, null, 0x5000],
  ])('on Intel has what KVM had asked the VMCS for (regs_avail %d), and nothing else', (available, instructionPointer, root) => {
    const arch = struct('kvm_vcpu_arch', { regs: array(u64, 1), regs_avail: u64, cr3: u64 });
    const types = typesOf([struct('kvm', { mm: pointer }), struct('kvm_vcpu', { arch, vcpu_id: u32 }), struct('cpuinfo_x86', { x86_vendor: u8 })], {
      kvm_reg: { VCPU_REGS_RIP: 0, VCPU_EXREG_CR3: 1 },
    });
    // Memory of zeros says that the CPU is Intel's.
    const kernel = new MadeKvm(types, { boot_cpu_data: 0x100n });
    const made = kernel.write('kvm_vcpu', 0x5000n, { 'arch.regs[0]': 0x1234, 'arch.regs_avail': available, 'arch.cr3': 0x5000 });
    expect(summarizeVcpu(kernel.kvm, made)).toMatchObject({ instructionPointer, root });
  });

  it('of a family whose registers lie elsewhere has what the kernel shares', () => {
    const other = struct('kvm_vcpu', { vcpu_id: u32, pad: u32, pid: pointer, arch: struct('kvm_vcpu_arch', { sie_block: pointer, pad: u8 }) });
    const kernel = new MadeKvm(typesOf([other, pid]));
    kernel.write('kvm_vcpu', 0x5000n, { vcpu_id: 1 });
    expect(summarizeVcpu(kernel.kvm, kernel.at('kvm_vcpu', 0x5000n))).toEqual({
      id: 1,
      thread: null,
      instructionPointer: null,
      root: null,
      state: 'unknown',
    });
  });
});
