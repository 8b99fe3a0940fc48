/**
 * Files of a kernel that a user gives, with the kernel of a real guest: stand-ins for its vmlinux and modules (types that no kernel has, its build ids), and its own BTF out of its memory. Places of
 * members are those that the compiled program prints of itself (answers.json).
 */
import { readFileSync } from 'node:fs';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { splitBtf } from '#engine/kernel-files/split-btf.ts';
import { BtfData } from '#engine/btf/btf-data.ts';
import { KernelStruct } from '#engine/linux/kernel-struct.ts';
import { KnownTypes } from '#engine/linux/known-types.ts';
import type { LinuxKernel } from '#engine/linux/kernel.ts';
import { DebugFiles } from '#engine/session/debug-files.ts';
import { LinuxQueries } from '#engine/session/linux-queries.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { bytesOf, kernelWith, scratchFolder } from './linux-guest.ts';

const answers = Object.entries(
  JSON.parse(readFileSync(new URL('../../fixtures/kernel-files/answers.json', import.meta.url), 'utf8')) as Record<string, [number, number]>,
);
const places = answers.filter(([path]) => !path.includes(' '));
const { kernel: bare } = kernelWith();
const btfOfModule = bare.module('qemu_fw_cfg')!.btf!;
const contentsOf = ({ view }: BtfData) => new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

function errorOf(run: () => unknown): WorkbenchError {
  try {
    run();
  } catch (error) {
    if (error instanceof WorkbenchError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('types come from the file that was given', () => {
  const image = kernelWith('vmlinux');
  const module = kernelWith('firmware.ko');

  it.each(places)('of a vmlinux with DWARF: %j', (path, [offset, size]) => {
    expect(image.kernel.types!.find('lab_device', path)).toMatchObject({ offset, size });
  });

  it.each(places)('of a module with DWARF: %j', (path, [offset, size]) => {
    expect(module.kernel.module('qemu_fw_cfg')!.types!.find('lab_device', path)).toMatchObject({ offset, size });
  });

  it.each(answers.filter(([path]) => path.endsWith(' bits')))('bit fields by their bits: %s', (path, [bitOffset, bitSize]) => {
    expect(image.kernel.types!.find('lab_device', path.slice(0, -' bits'.length))?.bitField).toEqual({ bitOffset, bitSize });
  });

  it('and from the kernel’s memory what the file does not have', () => {
    expect(image.kernel.types!.find('task_struct', 'comm')).toMatchObject({ size: 16 });
    expect(module.kernel.module('qemu_fw_cfg')!.types!.struct('lab_only_in_module')).toBeDefined();
    expect(module.kernel.types!.struct('lab_only_in_module')).toBeUndefined();
    expect(module.kernel.module('qemu_fw_cfg')!.types!.struct('task_struct')?.size).toBe(bare.types!.struct('task_struct')!.size);
  });

  it('and says which file that is', () => {
    expect(image.given.sourceOf('vmlinux', image.kernel)).toBe('vmlinux (DWARF)');
    expect(module.given.sourceOf('qemu_fw_cfg', module.kernel)).toBe('firmware.ko (DWARF)');
    expect([...image.given.problems(image.kernel), ...module.given.problems(module.kernel)]).toEqual([]);
  });

  it('enums with their signs', () => {
    expect([...(image.kernel.types!.enum('lab_state')?.values ?? [])]).toEqual([
      ['LAB_NEW', 0n],
      ['LAB_OLD', 5n],
      ['LAB_LOST', -2n],
    ]);
  });
});

describe('BTF as /sys/kernel/btf has it', () => {
  const own = contentsOf(bare.btf!);

  it('of the kernel tells what its memory tells', () => {
    const { kernel, given } = kernelWith(['vmlinux', own]);
    expect(given.sourceOf('vmlinux', kernel)).toBe('vmlinux (BTF)');
    expect(given.typesOf('vmlinux', kernel)!.find('task_struct', 'comm')).toEqual(bare.types!.find('task_struct', 'comm'));
  });

  it('of a module goes on where the kernel’s ends', () => {
    const { kernel, given } = kernelWith(['qemu-fw-cfg', btfOfModule]);
    const types = given.typesOf('qemu_fw_cfg', kernel)!;
    expect(types.struct('fw_cfg_sysfs_entry')?.size).toBe(bare.module('qemu_fw_cfg')!.types!.struct('fw_cfg_sysfs_entry')!.size);
    expect(types.find('fw_cfg_sysfs_entry', 'kobj.parent')).toMatchObject({ size: 8 });
  });

  it('of a module behind another kernel’s is refused: its numbers would name the wrong types', () => {
    const other = new BtfData(new Uint8Array(readFileSync(new URL('../../fixtures/btf/types.btf', import.meta.url))), 'other');
    expect(() => splitBtf(btfOfModule, 'qemu_fw_cfg', { btf: other } as LinuxKernel)).toThrow(/numbered after another kernel's BTF/);
    const { kernel, given } = kernelWith(['qemu_fw_cfg', btfOfModule]);
    Object.defineProperty(kernel, 'btf', { value: other });
    expect(given.problems(kernel)).toEqual([
      "qemu_fw_cfg is not used: qemu_fw_cfg is numbered after another kernel's BTF than this one's. Give the module of exactly this kernel.",
    ]);
  });

  it('whose structs have other sizes than VMCOREINFO says is refused by name', () => {
    const swapped = own.slice();
    const data = new BtfData(own, 'own');
    for (let id = data.firstId; id < data.endId; id++) {
      const { offset } = data.find(id)!;
      // Members of struct list_head, a word further.
      if (((data.word(offset + 4) >>> 24) & 0x1f) === 4 && data.string(data.word(offset)) === 'list_head')
        new DataView(swapped.buffer).setUint32(offset + 8, 24, true);
    }
    const { kernel, given } = kernelWith(['vmlinux', swapped]);
    expect(given.typesOf('vmlinux', kernel)).toBeUndefined();
    expect(given.problems(kernel)).toEqual(["vmlinux is not used: in it struct list_head has 24 bytes, in the dump's kernel it has 16."]);
  });
});

describe('a file of another build', () => {
  it('is not used, whatever its release, and both build ids are named', () => {
    const { kernel, given } = kernelWith('vmlinux-other', 'rebuilt.ko');
    expect(kernel.types!.struct('lab_device')).toBeUndefined();
    expect(kernel.module('qemu_fw_cfg')!.types!.struct('lab_device')).toBeUndefined();
    expect(given.problems(kernel)).toEqual([
      `vmlinux-other is not used: its build id is ${'aa'.repeat(20)}, that of the dump is 06f8bde30046985060c60820f7a11515a33afb06.`,
      `rebuilt.ko is not used: its build id is ${'bb'.repeat(20)}, that of the dump is 14f3d985445512dc3c8fa04f903148f8daaf8407.`,
    ]);
  });

  it('is told by its release where it has no build id', () => {
    const { kernel, given } = kernelWith('lab-one.ko');
    expect(given.typesOf('lab_one', kernel)).toBeUndefined();
    expect(given.problems(kernel)).toEqual(['lab-one.ko is not used: it is of Linux 6.1.0-49-amd64, the dump of 6.1.0-50-amd64.']);
  });

  it('beside the right one leaves that in use', () => {
    for (const order of [
      ['vmlinux-other', 'vmlinux'],
      ['vmlinux', 'vmlinux-other'],
    ]) {
      const { kernel, given } = kernelWith(...order);
      expect(given.sourceOf('vmlinux', kernel)).toBe('vmlinux (DWARF)');
      expect(given.problems(kernel)).toEqual([expect.stringMatching(/^vmlinux-other is not used/)]);
    }
  });
});

describe('which module a file is of', () => {
  it('tells struct module inside, where .modinfo does not', () => {
    const { kernel, given } = kernelWith('nameless.ko');
    expect(given.sourceOf('lab_two', kernel)).toBe('nameless.ko (DWARF)');
  });

  it('a program is no matter of the kernel; what is nothing of the kind is named', () => {
    const program = bytesOf('../debug/gcc-dwarf5');
    expect(kernelWith(['qemu', program]).given.typesOf('vmlinux', bare)).toBeUndefined();
    expect(() => kernelWith(['notes.txt', 'hello'])).toThrow(/notes\.txt: neither an ELF file, nor BTF, nor a layout in JSON/);
  });
});

describe('symbols of a vmlinux', () => {
  it.each(['init_task', 'current_task'])('%s lies where the kernel itself says, moved or not', (symbol) => {
    const { kernel, given } = kernelWith('vmlinux');
    expect(given.addressOf(symbol, kernel)).toBe(bare.address(symbol));
    expect(given.symbolSource(kernel)).toBe('vmlinux');
  });

  it('are moved by a symbol that both know where VMCOREINFO has no offset', () => {
    const { kernel, given } = kernelWith('vmlinux');
    const vmcoreinfo = new Map([...kernel.vmcoreinfo].filter(([key]) => key !== 'KERNELOFFSET'));
    const moved = Object.create(kernel, { vmcoreinfo: { value: vmcoreinfo } }) as LinuxKernel;
    expect(given.addressOf('init_task', moved)).toBe(bare.address('init_task'));
  });

  it('are not taken from another build', () => {
    const { kernel, given } = kernelWith('vmlinux-other');
    expect(given.addressOf('init_task', kernel)).toBeUndefined();
    expect(given.symbolSource(kernel)).toBeUndefined();
  });
});

describe('what is missing is named with what would supply it', () => {
  it('a struct of a module whose types nobody knows', () => {
    const types = new KnownTypes({ module: 'kvm_amd', sources: [bare.types!], own: false });
    const ask = () => new KernelStruct(bare, 'lab_vcpu', 0n, types).at('vmcb');
    expect(ask).toThrow('the types of module kvm_amd are not known, so not where struct lab_vcpu has its vmcb');
    expect(errorOf(ask).details.hint).toBe('Give kvm-amd.ko of exactly this kernel with debug information (--debug), its BTF, or a layout.');
  });

  it('and which files were given in vain', () => {
    const { kernel } = kernelWith('lab-one.ko');
    expect(errorOf(() => new KernelStruct(kernel, 'lab_device', 0n).at('kind')).details.hint).toMatch(
      /^lab-one\.ko is not used: .* Give the vmlinux of/,
    );
  });

  it('the whole kernel, in its overview, which tells what needs no types', () => {
    const { kernel } = kernelWith('vmlinux-other');
    Object.defineProperty(kernel, 'btf', { value: undefined });
    const { release, machine, sources, problems } = new LinuxQueries(() => kernel).getOverview();
    expect({ release, machine, types: sources.types }).toEqual({ release: '6.1.0-50-amd64', machine: 'x86_64', types: null });
    expect(problems).toContain(
      'The types of the kernel are not known: it has no BTF, or the dump lacks it. Give the vmlinux of exactly this kernel with debug information (--debug), its BTF, or a layout.',
    );
    expect(problems.at(-1)).toMatch(/^vmlinux-other is not used: its build id is/);
  });

  it('a member that a known struct does not have is not asked for in a file', () => {
    expect(() => new KernelStruct(bare, 'task_struct', 0n).at('lab')).toThrow('the types of the kernel have no task_struct.lab');
  });
});

describe('a dump that is opened with such files', () => {
  const keep = scratchFolder();
  const progress = { report: () => undefined };

  it('takes them compressed, too', async () => {
    const files = await DebugFiles.open([keep('vmlinux.zst', zstdCompressSync(bytesOf('vmlinux')))], progress);
    expect(files.kernelFiles!.sourceOf('vmlinux', bare)).toBe('vmlinux.zst (DWARF)');
    expect(DebugFiles.adopt(files.shared).kernelFiles!.sourceOf('vmlinux', bare)).toBe('vmlinux.zst (DWARF)');
    files.close();
  });

  it('is not opened with one that is none', async () => {
    await expect(DebugFiles.open([keep('notes.txt', 'hello')], progress)).rejects.toMatchObject({ code: 'unknown-format' });
    await expect(DebugFiles.open(['/nowhere/vmlinux'], progress)).rejects.toMatchObject({ code: 'io' });
  });
});
