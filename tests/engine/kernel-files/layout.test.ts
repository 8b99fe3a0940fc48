/** Layouts in JSON: what was asked of a real guest's kernel, written and read back, tells of every member what its own types told. */
import { describe, expect, it } from 'vitest';
import { encodeLayout } from '#engine/kernel-files/layout-encode.ts';
import { parseLayout, type LayoutText } from '#engine/kernel-files/layout-model.ts';
import { resolved, sizeOf, type CType, type StructType } from '#engine/dwarf/type-model.ts';
import type { KernelTypes } from '#engine/linux/kernel-types.ts';
import { listTasks } from '#engine/linux/tasks.ts';
import { describeModules } from '#engine/linux/module-list.ts';
import { kernelWith } from './linux-guest.ts';

const { kernel: asked } = kernelWith('vmlinux');
const tasks = listTasks(asked);
const modules = describeModules(asked);
for (const name of ['lab_device', 'page', 'mm_struct', 'list_head']) asked.types!.struct(name);
asked.types!.enum('lab_state');
asked.module('qemu_fw_cfg')!.types!.struct('fw_cfg_sysfs_entry');
const layout = encodeLayout(asked);
const text = JSON.stringify(layout);
const read = kernelWith(['layout.json', text]);
const types = read.given.typesOf('vmlinux', read.kernel)!;

/** Every member of a struct and of those inside of it, by the path that C would write. */
function* paths(type: StructType, prefix = '', depth = 0): Generator<string> {
  for (const { name, type: of } of type.members) {
    const inner = resolved(of);
    const path = name === undefined ? prefix.replace(/\.$/, '') : `${prefix}${name}`;
    if (name !== undefined) yield path;
    if (depth < 4 && (inner.kind === 'struct' || inner.kind === 'union') && !inner.declared)
      yield* paths(inner, name === undefined ? prefix : `${path}.`, depth + 1);
    if (inner.kind === 'array') yield `${path}[0]`;
  }
}

function place(from: KernelTypes, struct: string, path: string) {
  const found = from.find(struct, path);
  return found && { offset: found.offset, size: found.size, bitField: found.bitField, type: shape(found.type) };
}

/** What of a type a reader of memory goes by. */
function shape(of: CType): unknown {
  const type = resolved(of);
  switch (type.kind) {
    case 'base':
      return [type.size, type.signed];
    case 'array':
      return ['array', type.count, shape(type.element)];
    case 'struct':
    case 'union':
      return [type.kind, sizeOf(type)];
    case 'enum':
      return ['enum', type.size];
    default:
      return type.kind;
  }
}

describe('a layout', () => {
  it.each(['task_struct', 'page', 'mm_struct', 'lab_device', 'module'])('tells of every member of struct %s what the types told', (struct) => {
    const all = [...paths(asked.types!.struct(struct)!)];
    expect(all.length).toBeGreaterThan(10);
    for (const path of all) expect([path, place(types, struct, path)]).toEqual([path, place(asked.types!, struct, path)]);
  });

  it('keeps the types of each module, and those of the kernel once', () => {
    expect(Object.keys(layout.modules).sort()).toEqual(['qemu_fw_cfg', 'vmlinux']);
    expect(Object.keys(layout.modules['qemu_fw_cfg']!.structs)).toEqual(['fw_cfg_sysfs_entry']);
    const own = read.given.typesOf('qemu_fw_cfg', read.kernel)!;
    expect(place(own, 'fw_cfg_sysfs_entry', 'kobj.parent')).toEqual(place(asked.module('qemu_fw_cfg')!.types!, 'fw_cfg_sysfs_entry', 'kobj.parent'));
  });

  it('keeps enums, and says of which build it is', () => {
    expect(types.enum('lab_state')?.values).toEqual(asked.types!.enum('lab_state')?.values);
    expect(layout).toMatchObject({ release: '6.1.0-50-amd64', buildId: '06f8bde30046985060c60820f7a11515a33afb06', wordSize: 8 });
  });

  it('is enough for what was asked, with no other types at all', () => {
    const { kernel } = kernelWith(['layout.json', text]);
    Object.defineProperty(kernel, 'btf', { value: undefined });
    expect(listTasks(kernel)).toEqual(tasks);
    expect(describeModules(kernel)).toEqual(modules);
    // And written again it is the same.
    expect(encodeLayout(kernel).modules['vmlinux']!.structs['task_struct']).toEqual(layout.modules['vmlinux']!.structs['task_struct']);
  });

  it.each<[Partial<LayoutText>, string]>([
    [{ buildId: 'cc'.repeat(20) }, `its build id is ${'cc'.repeat(20)}, that of the dump is ${layout.buildId}`],
    [{ buildId: undefined, release: '6.1.0-49-amd64' }, 'it is of Linux 6.1.0-49-amd64, the dump of 6.1.0-50-amd64'],
    [{ wordSize: 4 }, "its words have 4 bytes, the kernel's 8"],
  ])('of another kernel is refused: %j', (change, reason) => {
    const { kernel, given } = kernelWith(['layout.json', JSON.stringify({ ...layout, ...change })]);
    expect(given.typesOf('vmlinux', kernel)).toBeUndefined();
    expect(given.problems(kernel)).toEqual([`layout.json is not used: ${reason}.`]);
  });

  it.each([
    ['{"format":"other"}', 'format: expected "vmcore-workbench kernel layout", found "other"'],
    ['{"format":"vmcore-workbench kernel layout","version":2}', 'version: expected 1, found 2'],
    [text.replace(/"offset":0/, '"offset":-1'), 'offset: expected a whole number, found -1'],
    [text.replace('"struct list_head"', '"struct"'), 'type: expected a type, found "struct"'],
    [`{"format":`, 'no JSON'],
  ])('that is damaged says where', (damaged, message) => {
    expect(() => parseLayout('layout.json', damaged)).toThrow(message);
  });
});
