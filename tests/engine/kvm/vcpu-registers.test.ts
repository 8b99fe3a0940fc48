/** Registers of vCPUs in structs that a test lays out; those of a real host are judged in tests/lab/kvm-guests.lab.test.ts. */
import { describe, expect, it } from 'vitest';
import type { StructType } from '#engine/dwarf/type-model.ts';
import { takeKept } from '#engine/kvm/vcpu-registers/common-registers.ts';
import { takeFpuRegisters } from '#engine/kvm/vcpu-registers/fpu-registers.ts';
import { RegisterSet } from '#engine/kvm/vcpu-registers/register-set.ts';
import { flagsOfVmcb, flagsOfVmcs } from '#engine/kvm/vcpu-registers/segment-flags.ts';
import { runsNestedGuestSvm, takeSvmRegisters } from '#engine/kvm/vcpu-registers/svm-registers.ts';
import { runsNestedGuestVmx, takeVmxRegisters } from '#engine/kvm/vcpu-registers/vmx-registers.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { array, MadeKernel, pointer, struct, typesOf, u16, u32, u64, u8 } from './made-structs.ts';

const EXREGS = {
  VCPU_REGS_RSP: 4,
  VCPU_REGS_RIP: 16,
  VCPU_EXREG_CR0: 18,
  VCPU_EXREG_CR3: 19,
  VCPU_EXREG_CR4: 20,
  VCPU_EXREG_RFLAGS: 21,
  VCPU_EXREG_SEGMENTS: 22,
};
const VCPU = 0x1000n;
const VMCB = 0x8000n;
const VMCB01 = 0xa000n;
const FPU = 0xc000n;

const arch = (fpu: StructType | typeof pointer) =>
  struct('kvm_vcpu_arch', {
    regs: array(u64, 17),
    regs_avail: u32,
    regs_dirty: u32,
    cr0: u64,
    cr0_guest_owned_bits: u64,
    cr2: u64,
    cr3: u64,
    cr4: u64,
    cr4_guest_owned_bits: u64,
    efer: u64,
    db: array(u64, 4),
    dr6: u64,
    dr7: u64,
    mp_state: u32,
    guest_fpu: fpu,
  });
const fpuGuest = struct('fpu_guest', { xfeatures: u64, fpstate: pointer });
const fpstate = struct('fpstate', { size: u32, regs: array(u8, 4096) });
const vcpuType = struct('kvm_vcpu', { kvm: pointer, arch: arch(fpuGuest) });

const segment = struct('vmcb_seg', { selector: u16, attrib: u16, limit: u32, base: u64 });
const segments = Object.fromEntries(['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'gdtr', 'ldtr', 'idtr', 'tr'].map((name) => [name, segment]));
const save = struct('vmcb_save_area', {
  ...segments,
  cpl: u8,
  ...Object.fromEntries(
    ['cr4', 'cr3', 'cr0', 'rflags', 'star', 'lstar', 'cstar', 'sfmask', 'kernel_gs_base', 'sysenter_cs', 'sysenter_esp', 'sysenter_eip'].map(
      (name) => [name, u64],
    ),
  ),
});
const vmcb = (intercepts: Parameters<typeof struct>[1]) =>
  struct('vmcb', { control: struct('vmcb_control_area', { ...intercepts, nested_ctl: u64 }), save });
const svmType = struct('vcpu_svm', {
  vcpu: vcpuType,
  vmcb: pointer,
  vmcb01: struct('kvm_vmcb_info', { ptr: pointer, pa: u64 }),
  current_vmcb: pointer,
  sysenter_esp_hi: u32,
  sysenter_eip_hi: u32,
  tsc_aux: u64,
  nested: struct('svm_nested_state', { vmcb02: struct('kvm_vmcb_info', { ptr: pointer, pa: u64 }) }),
});

function svmHost(structs: StructType[] = [svmType, vmcb({ intercepts: array(u32, 6) })]) {
  const types = typesOf([vcpuType, fpstate, fpuGuest, ...structs], { kvm_reg: EXREGS });
  const made = new MadeKernel(types);
  const svm = made.write('vcpu_svm', VCPU, { vmcb: VMCB, ...(types.find('vcpu_svm', 'vmcb01.ptr') ? { 'vmcb01.ptr': VMCB01 } : {}) });
  const vcpu = made.at('kvm_vcpu', VCPU);
  return {
    made,
    svm,
    take() {
      const set = new RegisterSet();
      takeSvmRegisters(set, vcpu, svm, types);
      return { ...set, value: (name: string) => set.registers[name]?.value };
    },
    arch: (values: Record<string, bigint | number>) =>
      made.write('kvm_vcpu', VCPU, Object.fromEntries(Object.entries(values).map(([name, value]) => [`arch.${name}`, value]))),
    vmcb: (values: Record<string, bigint | number>, at = VMCB) => made.write('vmcb', at, values),
  };
}

describe('segments of a VMCB', () => {
  it.each([
    // As a real host had them, and what its guest's monitor said.
    ['cs', 0xa9b, 0xffff_ffff, 0, 0x00a0_9b00],
    ['ss', 0xc93, 0xffff_ffff, 0, 0x00c0_9300],
    ['ds', 0, 0, 0, 0],
    ['tr', 0x8b, 0x4087, 0, 0x8b00],
    ['ldt', 0x82, 0, 0, 0x8200],
    // What KVM sets right: G by the limit, SS.DPL by CPL, busy, accessed, no D/B in a null SS.
    ['cs', 0x29b, 0xffff_ffff, 0, 0x00a0_9b00],
    ['cs', 0xc9b, 0xf_ffff, 0, 0x0040_9b00],
    ['ss', 0xc93, 0xffff_ffff, 3, 0x00c0_f300],
    ['ss', 0x400, 0, 3, 0x6000],
    ['tr', 0x89, 0x67, 0, 0x8b00],
    ['es', 0xcf2, 0xffff_ffff, 0, 0x00c0_f300],
  ])('%s with attributes %i, limit %i and CPL %i are what KVM hands out', (name, attributes, limit, privilege, flags) => {
    expect(flagsOfVmcb({ name, attributes, limit, privilege })).toBe(flags);
  });
});

it('an unusable segment of a VMCS is not present', () => {
  expect(flagsOfVmcs(0xa09b)).toBe(0x00a0_9b00);
  expect(flagsOfVmcs(0x1_c093)).toBe(0x00c0_1300);
});

describe('a vCPU on AMD', () => {
  it('has its CR3 from the VMCB, from KVM once somebody has set it or without nested paging', () => {
    const host = svmHost();
    host.arch({ cr3: 0x1000 });
    host.vmcb({ 'save.cr3': 0x2000, 'control.nested_ctl': 1 });
    expect(host.take().value('cr3')).toBe(0x2000n);
    host.arch({ regs_dirty: 1 << EXREGS.VCPU_EXREG_CR3 });
    expect(host.take().value('cr3')).toBe(0x1000n);
    host.arch({ regs_dirty: 0 });
    host.vmcb({ 'control.nested_ctl': 0 });
    expect(host.take().value('cr3')).toBe(0x1000n);
  });

  it('has TS of its CR0 from the VMCB while its writes do not exit', () => {
    const host = svmHost();
    host.arch({ cr0: 0x8005_0033n });
    host.vmcb({ 'save.cr0': 0x8005_003bn });
    expect(host.take().value('cr0')).toBe(0x8005_003bn);
    host.vmcb({ 'control.intercepts[0]': 1 << 16 });
    expect(host.take().value('cr0')).toBe(0x8005_0033n);
  });

  it('has its CR4 without bits that the host put into the VMCB', () => {
    const host = svmHost();
    host.arch({ cr4: 0x6a0 });
    host.vmcb({ 'save.cr4': 0x6e0 });
    expect(host.take().value('cr4')).toBe(0x6a0n);
  });

  it('has what VMSAVE saves from the first VMCB, and the rest from the current one, while a guest of its own runs', () => {
    const host = svmHost();
    host.vmcb({ 'save.cs.selector': 0x10, 'save.fs.base': 1, 'save.star': 2, 'save.rflags': 0x202 });
    host.vmcb({ 'save.cs.selector': 0x20, 'save.fs.base': 3, 'save.star': 4, 'save.rflags': 0x2 }, VMCB01);
    const { segments: ours, value } = host.take();
    expect([ours.cs!.selector, ours.fs!.base, value('fs_base'), value('star'), value('rflags')]).toEqual([0x10, 3n, 3n, 4n, 0x202n]);
    expect(runsNestedGuestSvm(host.svm)).toBe(false);
    host.made.write('vcpu_svm', VCPU, { current_vmcb: host.svm.at('nested.vmcb02') });
    expect(runsNestedGuestSvm(host.svm)).toBe(true);
  });

  it('has the upper halves of SYSENTER_ESP and _EIP where KVM keeps them for guests of Intel', () => {
    const host = svmHost();
    host.vmcb({ 'save.sysenter_esp': 0x1_8000_0000n }, VMCB01);
    host.made.write('vcpu_svm', VCPU, { sysenter_esp_hi: 0xffff_ff80 });
    expect(host.take().value('sysenter_esp')).toBe(0xffff_ff80_8000_0000n);
  });

  it('of a kernel before v5.10, with one VMCB and one word of intercepts, is read the same', () => {
    const old = struct('vcpu_svm', { vcpu: vcpuType, vmcb: pointer });
    const host = svmHost([old, vmcb({ intercept_cr: u32 })]);
    host.arch({ cr0: 0x33, 'regs[16]': 0x1234 });
    host.vmcb({ 'save.cr0': 0x3b, 'save.fs.base': 7, 'save.lstar': 8, 'control.intercept_cr': 1 << 16 });
    const { value } = host.take();
    expect([value('cr0'), value('rip'), value('fs_base'), value('lstar')]).toEqual([0x33n, 0x1234n, 7n, 8n]);
    expect(runsNestedGuestSvm(host.svm)).toBe(false);
  });

  it.each([0n, 0x7fff_0000n, 0xffff_ffff_ffff_ff00n])('whose VMCB is said to be at %s keeps what KVM has, and says what is missing', (at) => {
    const host = svmHost();
    host.made.write('vcpu_svm', VCPU, { vmcb: at });
    host.arch({ 'regs[0]': 5, cr3: 0x9000 });
    const { value, segments: ours, problems } = host.take();
    expect([value('rax'), value('cr3'), value('rflags'), Object.keys(ours)]).toEqual([5n, 0x9000n, undefined, []]);
    expect(problems).toEqual(['Its VMCB is not in the dump: segments, RFLAGS and what else only the VMCB holds are missing.']);
  });

  it('of any bytes at all has registers of their widths (100 scrambled hosts)', () => {
    const random = seededRandom(5);
    for (let round = 0; round < 100; round++) {
      const host = svmHost();
      host.made.scramble(random);
      host.made.write('vcpu_svm', VCPU, { vmcb: VMCB, 'vmcb01.ptr': VMCB01 });
      const { registers, segments: ours } = host.take();
      for (const { value, width } of Object.values(registers)) expect(value >= 0n && value < 1n << BigInt(width)).toBe(true);
      for (const { flags, limit, selector } of Object.values(ours))
        expect([flags & ~0xff_ff00, limit >>> 0, selector & 0xffff]).toEqual([0, limit, selector]);
    }
  });
});

it('a vCPU of a vendor whose structs are not known has what KVM says is up to date', () => {
  const types = typesOf([vcpuType], { kvm_reg: EXREGS });
  const made = new MadeKernel(types);
  const host = made.write('kvm_vcpu', VCPU, {
    'arch.regs[0]': 1,
    'arch.regs[4]': 2,
    'arch.regs[16]': 3,
    'arch.cr3': 4,
    'arch.cr0': 5,
    'arch.efer': 6,
    'arch.regs_avail': 1 << 16,
  });
  const set = new RegisterSet();
  takeKept(set, host, types);
  expect(['rax', 'rsp', 'rip', 'cr3', 'cr0', 'efer'].map((name) => set.registers[name]?.value)).toEqual([1n, undefined, 3n, undefined, 5n, 6n]);
});

describe('a vCPU on Intel', () => {
  const seg = struct('segment_save', { selector: u16, base: u64, limit: u32, ar: u32 });
  const uret = struct('vmx_uret_msr', { load_into_hardware: u8, data: u64, mask: u64 });
  const rest = {
    rflags: u64,
    guest_state_loaded: u8,
    msr_guest_kernel_gs_base: u64,
    segment_cache: struct('segment_cache', { bitmask: u32, seg: array(seg, 8) }),
  };
  const vmxType = struct('vcpu_vmx', {
    vcpu: vcpuType,
    ...rest,
    guest_uret_msrs: array(uret, 7),
    loaded_vmcs: pointer,
    nested: struct('nested_vmx', { vmcs02: u64 }),
  });

  function host(type = vmxType) {
    const types = typesOf([vcpuType, type], { kvm_reg: EXREGS });
    const made = new MadeKernel(types);
    const vmx = made.at('vcpu_vmx', VCPU);
    return {
      made,
      vmx,
      take(addressOf: (symbol: string) => bigint | undefined = () => undefined) {
        const set = new RegisterSet();
        takeVmxRegisters(set, made.at('kvm_vcpu', VCPU), vmx, { types, addressOf });
        return { ...set, value: (name: string) => set.registers[name]?.value };
      },
      write: (values: Record<string, bigint | number>) => made.write('vcpu_vmx', VCPU, values),
    };
  }

  it('has of the VMCS only what KVM has read since the last exit, and names the rest', () => {
    const { take, write } = host();
    write({
      'vcpu.arch.regs[0]': 1,
      'vcpu.arch.regs[4]': 2,
      'vcpu.arch.regs[16]': 3,
      'vcpu.arch.cr3': 4,
      rflags: 5,
      'vcpu.arch.cr0_guest_owned_bits': 8,
      'vcpu.arch.cr0': 0x8000_003bn,
    });
    const none = take();
    expect([none.value('rax'), none.value('rsp'), none.value('rip'), none.value('cr3'), none.value('rflags')]).toEqual([
      1n,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(none.registers.cr0).toMatchObject({ value: 0x8000_003bn, knownBits: 0xffff_ffff_ffff_fff7n });
    expect(none.problems[0]).toContain('RSP, RIP, RFLAGS, CR3, ES, CS');
    write({ 'vcpu.arch.regs_avail': (1 << 4) | (1 << 16) | (1 << 18) | (1 << 19) | (1 << 21) });
    const all = take();
    expect([all.value('rsp'), all.value('rip'), all.value('cr3'), all.value('rflags')]).toEqual([2n, 3n, 4n, 5n]);
    expect(all.registers.cr0!.knownBits).toBeUndefined();
    expect(all.problems[0]).toContain('for ES, CS');
  });

  it('has those segments of which KVM has every part', () => {
    const { take, write } = host();
    write({
      'segment_cache.bitmask': 0xf0 | 0x0700,
      'segment_cache.seg[1].selector': 0x10,
      'segment_cache.seg[1].limit': 0xffff_ffff,
      'segment_cache.seg[1].ar': 0xa09b,
    });
    expect(take().segments).toEqual({});
    write({ 'vcpu.arch.regs_avail': 1 << EXREGS.VCPU_EXREG_SEGMENTS });
    expect(take().segments).toMatchObject({ cs: { selector: 0x10, limit: 0xffff_ffff, flags: 0x00a0_9b00 } });
    expect(Object.keys(take().segments)).toEqual(['cs']);
  });

  it("has MSRs by KVM's list of their numbers", () => {
    const { made, take, write } = host();
    made.poke(0x9000n, 4, 0xc000_0084n);
    made.poke(0x9004n, 4, 0xc000_0082n);
    write({ 'guest_uret_msrs[0].data': 0x257fd5, 'guest_uret_msrs[1].data': 0xffff_ffff_8100_0080n });
    const { value } = take((symbol) => (symbol === 'kvm_uret_msrs_list' ? 0x9000n : undefined));
    expect([value('fmask'), value('lstar'), value('star')]).toEqual([0x257fd5n, 0xffff_ffff_8100_0080n, undefined]);
    expect(take().value('lstar')).toBeUndefined();
  });

  it('of a kernel before v5.11 has MSRs by their own numbers', () => {
    const old = struct('vcpu_vmx', {
      vcpu: vcpuType,
      ...rest,
      guest_msrs: array(struct('shared_msr_entry', { index: u32, data: u64, mask: u64 }), 7),
    });
    const { take, write } = host(old);
    write({ 'guest_msrs[2].index': 0xc000_0081, 'guest_msrs[2].data': 0x23_0010n << 32n });
    expect(take().value('star')).toBe(0x23_0010n << 32n);
  });

  it('has KERNEL_GS_BASE once the CPU no longer has it', () => {
    const { take, write } = host();
    write({ msr_guest_kernel_gs_base: 0x77, guest_state_loaded: 1 });
    expect(take().value('kernel_gs_base')).toBeUndefined();
    write({ guest_state_loaded: 0 });
    expect(take().value('kernel_gs_base')).toBe(0x77n);
  });

  it('runs a guest of its own while it has the second VMCS loaded', () => {
    const { vmx, write } = host();
    expect(runsNestedGuestVmx(vmx)).toBe(false);
    write({ loaded_vmcs: vmx.at('nested.vmcs02') });
    expect(runsNestedGuestVmx(vmx)).toBe(true);
  });
});

describe('vector registers', () => {
  const XSAVE = 512n;

  function take(structs: StructType[], symbols: Record<string, bigint> = {}, area = FPU) {
    const made = new MadeKernel(typesOf(structs), symbols);
    for (let n = 0n; n < 16n; n++) {
      made.poke(area + 160n + 16n * n, 16, 0x100n + n);
      made.poke(area + 576n + 16n * n, 16, 0x200n + n);
    }
    made.poke(area, 2, 0x027fn);
    made.poke(area + 24n, 4, 0x1fa0n);
    return {
      made,
      header: (inUse: bigint, compaction = 0n) => {
        made.poke(area + XSAVE, 8, inUse);
        made.poke(area + XSAVE + 8n, 8, compaction);
      },
      read: () => {
        const set = new RegisterSet();
        takeFpuRegisters(set, made.at('kvm_vcpu', VCPU));
        return { problems: set.problems, values: ['fcw', 'mxcsr', 'xmm3', 'ymm3h'].map((name) => set.registers[name]?.value) };
      },
    };
  }

  function modern(size: number) {
    const taken = take([vcpuType, fpstate, fpuGuest], {}, FPU + 4n);
    taken.made.write('kvm_vcpu', VCPU, { 'arch.guest_fpu.fpstate': FPU });
    taken.made.write('fpstate', FPU, { size });
    return taken;
  }

  it('are those in memory where the header says that they are in use, else what a reset leaves', () => {
    const { header, read } = modern(832);
    header(7n);
    expect(read().values).toEqual([0x27fn, 0x1fa0n, 0x103n, 0x203n]);
    header(3n);
    expect(read().values).toEqual([0x27fn, 0x1fa0n, 0x103n, 0n]);
    header(0n);
    expect(read().values).toEqual([0x37fn, 0x1f80n, 0n, 0n]);
    header(4n);
    expect(read().values).toEqual([0x37fn, 0x1fa0n, 0n, 0x203n]);
  });

  it('are absent beyond what the compacted form has', () => {
    const { header, read } = modern(832);
    header(3n, (1n << 63n) | 3n);
    expect(read().values).toEqual([0x27fn, 0x1fa0n, 0x103n, undefined]);
    header(7n, (1n << 63n) | 7n);
    expect(read().values).toEqual([0x27fn, 0x1fa0n, 0x103n, 0x203n]);
  });

  it('of a host without XSAVE are all in use', () => {
    const { read } = modern(512);
    expect(read().values).toEqual([0x27fn, 0x1fa0n, 0x103n, undefined]);
  });

  it.each([
    ['v5.0, a struct fpu that is pointed to', pointer, true],
    ['v4, a struct fpu inside', struct('fpu', { last_cpu: u32, state: array(u8, 4096) }), false],
  ])('of a kernel since %s are found', (_, fpu, pointed) => {
    const structs = [struct('kvm_vcpu', { kvm: pointer, arch: arch(fpu) }), struct('fpu', { last_cpu: u32, state: array(u8, 4096) })];
    const inside = typesOf(structs).find('kvm_vcpu', 'arch.guest_fpu')!.offset;
    const taken = take(structs, {}, pointed ? FPU + 4n : VCPU + BigInt(inside) + 4n);
    if (pointed) taken.made.write('kvm_vcpu', VCPU, { 'arch.guest_fpu': FPU });
    taken.header(7n);
    expect(taken.read().values).toEqual([0x27fn, 0x1fa0n, 0x103n, 0x203n]);
  });

  it.each([0n, 0x7fff_0000n])('that are said to be at %s are missing, and said to be', (at) => {
    const { made, read } = modern(832);
    made.write('kvm_vcpu', VCPU, { 'arch.guest_fpu.fpstate': at });
    expect(read()).toEqual({
      problems: ['Its floating-point and vector registers are not in the dump.'],
      values: [undefined, undefined, undefined, undefined],
    });
  });
});
