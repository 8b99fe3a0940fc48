/** VMCOREINFO tells sizes and offsets of some structs: types that say otherwise are of another build. */
import type { KernelTypes } from '../linux/kernel-types.ts';
import type { LinuxKernel } from '../linux/kernel.ts';

/** What differs, in words; undefined where nothing does. */
export function otherLayout(types: KernelTypes, { vmcoreinfo }: LinuxKernel): string | undefined {
  for (const [key, value] of vmcoreinfo) {
    const [, struct, member] = /^(?:SIZE\((\w+)\)|OFFSET\((\w+\.[\w.]+)\))$/.exec(key) ?? [];
    const said = struct ?? member;
    if (said === undefined || !/^\d{1,9}$/.test(value)) continue;
    const own = struct === undefined ? offsetOf(types, member!) : types.struct(struct)?.size;
    if (own === undefined || own === Number(value)) continue;
    const what = struct === undefined ? `${said} lies at ${own}` : `struct ${said} has ${own} bytes`;
    return `in it ${what}, in the dump's kernel ${struct === undefined ? 'at' : 'it has'} ${value}`;
  }
  return undefined;
}

function offsetOf(types: KernelTypes, path: string): number | undefined {
  const dot = path.indexOf('.');
  return types.find(path.slice(0, dot), path.slice(dot + 1))?.offset;
}
