/** Layouts of nested tables' roots that no dump of the lab has; those of Linux 6.1 are judged in tests/lab/kvm-vms.lab.test.ts. */
import { describe, expect, it } from 'vitest';
import { readNestedRoots } from '#engine/kvm/nested-roots.ts';
import type { StructType } from '#engine/dwarf/type-model.ts';
import { listHead, MadeKvm } from './made-kvm.ts';
import { pointer, struct, typesOf, u32, u64, u8 } from './made-structs.ts';

const KVM = 0x1000n;
const VCPUS = [0x5000n, 0x6000n] as const;
const TDP_ENABLED = 0xf000n;
const CPU = 0xe000n;
const [AMD, INTEL] = [2, 0];

const cpuinfo = struct('cpuinfo_x86', { x86: u8, x86_vendor: u8 });
/** Bits of a role stand for themselves here. */
const role = struct('kvm_mmu_page_role', { level: u8, direct: u8, smm: u8, invalid: u8 });
const mmu = struct('kvm_mmu', { root: struct('kvm_mmu_root_info', { pgd: u64, hpa: u64 }), root_role: role });
const vcpuOf = (arch: StructType) => struct('kvm_vcpu', { vcpu_id: u32, pad: u32, arch });
const newVcpu = vcpuOf(struct('kvm_vcpu_arch', { mmu: pointer, root_mmu: mmu }));
const page = struct('kvm_mmu_page', { link: listHead, role, pad: u32, spt: pointer });
const tdpKvm = struct('kvm', { arch: struct('kvm_arch', { tdp_mmu_roots: listHead }) });

function made(structs: StructType[], { tdp = 1, vendor = AMD! } = {}): MadeKvm {
  const kernel = new MadeKvm(typesOf([...structs, cpuinfo, listHead, page]), { tdp_enabled: TDP_ENABLED, boot_cpu_data: CPU });
  kernel.poke(TDP_ENABLED, 1, BigInt(tdp));
  kernel.write('cpuinfo_x86', CPU, { x86_vendor: vendor });
  return kernel;
}

/** vCPUs with these roots, of 4 levels. */
function vcpusWith(kernel: MadeKvm, roots: readonly (bigint | number)[]) {
  return roots.map((root, id) =>
    kernel.write('kvm_vcpu', VCPUS[id]!, { vcpu_id: id, 'arch.root_mmu.root.hpa': root, 'arch.root_mmu.root_role.level': 4 }),
  );
}

describe('roots of nested tables', () => {
  it.each([
    [AMD, 'npt'],
    [INTEL, 'ept'],
  ])('are those of the vCPUs, of the kind that the CPU (vendor %d) has: %s', (vendor, kind) => {
    const kernel = made([struct('kvm', { mm: pointer }), newVcpu], { vendor: vendor! });
    const vcpus = vcpusWith(kernel, [0x8000, 0x8000]);
    const { nested, problems } = readNestedRoots(kernel.kvm, kernel.machine(KVM), vcpus);
    expect(nested).toEqual([{ kind, root: 0x8000, levels: 4, addressSpace: 0, vcpus: [0, 1] }]);
    expect(problems).toEqual([]);
  });

  it('are read as root_hpa and shadow_root_level in the vCPU itself, before 4.20', () => {
    const old = vcpuOf(
      struct('kvm_vcpu_arch', { mmu: struct('kvm_mmu', { root_hpa: u64, root_level: u32, shadow_root_level: u32, direct_map: u8 }) }),
    );
    const kernel = made([struct('kvm', { mm: pointer }), old]);
    const vcpu = kernel.write('kvm_vcpu', VCPUS[0], { 'arch.mmu.root_hpa': 0x9000, 'arch.mmu.root_level': 2, 'arch.mmu.shadow_root_level': 4 });
    expect(readNestedRoots(kernel.kvm, kernel.machine(KVM), [vcpu]).nested).toMatchObject([{ root: 0x9000, levels: 4, vcpus: [0] }]);
  });

  it('are none where nested paging is off, which is said', () => {
    const kernel = made([struct('kvm', { mm: pointer }), newVcpu], { tdp: 0 });
    const { nested, problems } = readNestedRoots(kernel.kvm, kernel.machine(KVM), vcpusWith(kernel, [0x8000]));
    expect(nested).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(/^Nested paging is off/)]);
  });

  it('are none for a vCPU that has none loaded, and for hosts whose vCPUs have no such tables', () => {
    const kernel = made([struct('kvm', { mm: pointer }), newVcpu]);
    const vcpus = vcpusWith(kernel, [0xffff_ffff_ffff_ffffn, 0]);
    expect(readNestedRoots(kernel.kvm, kernel.machine(KVM), vcpus)).toEqual({ nested: [], problems: [] });
    const other = made([struct('kvm', { mm: pointer }), vcpuOf(struct('kvm_vcpu_arch', { sie_block: pointer }))]);
    expect(readNestedRoots(other.kvm, other.machine(KVM), [other.at('kvm_vcpu', VCPUS[0])])).toEqual({ nested: [], problems: [] });
  });

  it("are KVM's list as well: tables that no vCPU has loaded, those of System Management Mode", () => {
    const kernel = made([tdpKvm, newVcpu]);
    const head = kernel.machine(KVM).at('arch.tdp_mmu_roots');
    kernel.link(head, 0x2000n, 0x3000n, 0x4000n);
    kernel.write('kvm_mmu_page', 0x2000n, { spt: 0x8000, 'role.level': 4 });
    kernel.write('kvm_mmu_page', 0x3000n, { spt: 0xa000, 'role.level': 4, 'role.smm': 1 });
    kernel.write('kvm_mmu_page', 0x4000n, { spt: 0xb000, 'role.level': 4, 'role.invalid': 1 });
    const { nested, problems } = readNestedRoots(kernel.kvm, kernel.machine(KVM), vcpusWith(kernel, [0x8000]));
    expect(nested).toMatchObject([
      { root: 0x8000, addressSpace: 0, vcpus: [0] },
      { root: 0xa000, addressSpace: 1, vcpus: [] },
    ]);
    expect(problems).toEqual([]);
  });

  it("that KVM's list does not have are said; a list that is torn, too", () => {
    const kernel = made([tdpKvm, newVcpu]);
    const head = kernel.machine(KVM).at('arch.tdp_mmu_roots');
    kernel.link(head, 0x2000n, 0x3000n);
    kernel.write('list_head', 0x3000n, { next: 0x2000 });
    kernel.write('kvm_mmu_page', 0x2000n, { spt: 0xb000, 'role.level': 4 });
    const { nested, problems } = readNestedRoots(kernel.kvm, kernel.machine(KVM), vcpusWith(kernel, [0x8000]));
    expect(nested.map(({ root }) => root)).toContain(0x8000);
    expect(problems).toEqual([
      'The list of nested tables is not whole: it leads into itself.',
      "The nested tables at 0x8000 are a vCPU's, but not on KVM's own list of roots.",
    ]);
  });
});
