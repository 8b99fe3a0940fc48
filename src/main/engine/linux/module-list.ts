/** The modules of a kernel as lsmod shows them. Facts: Linux include/linux/module.h, kernel/module/main.c, kernel/panic.c (v6.1). */
import type { LinuxModule as ModuleRow, LinuxModuleList } from '#shared/model/index.ts';
import { KernelStruct } from './kernel-struct.ts';
import type { LinuxKernel } from './kernel.ts';
import { readList } from './lists.ts';
import { listModules, type LinuxModule } from './modules.ts';

const MAX_USERS = 4096;
/** MODULE_REF_BASE: what a module that runs holds of itself. */
const OWN_REFERENCE = 1;
const STATES: Readonly<Record<string, string>> = {
  MODULE_STATE_LIVE: 'live',
  MODULE_STATE_COMING: 'coming',
  MODULE_STATE_GOING: 'going',
  MODULE_STATE_UNFORMED: 'unformed',
};
/** Letters of the taint bits that modules have, by bit (TAINT_PROPRIETARY_MODULE … TAINT_TEST). */
const TAINTS: Readonly<Record<number, string>> = { 0: 'P', 1: 'F', 10: 'C', 12: 'O', 13: 'E', 15: 'K', 16: 'X', 18: 'N' };

/** Throws WorkbenchError `unsupported` for a kernel whose types or symbols are not known. */
export function describeModules(kernel: LinuxKernel): LinuxModuleList {
  const { modules, problems } = listModules(kernel);
  const described: ModuleRow[] = [];
  for (const module of modules) {
    const { place } = module;
    if (!place) problems.push(`Where ${module.name} lies is not in the dump.`);
    const { address, size } = place ?? { address: 0n, size: 0 };
    described.push({
      name: module.name,
      address,
      size,
      state: stateOf(module),
      references: referencesOf(module),
      usedBy: usersOf(module),
      taints: taintsOf(module),
    });
  }
  return { modules: described, problems };
}

function stateOf({ struct, kernel }: LinuxModule): string {
  const value = struct.number('state');
  const [name] = [...(kernel.types?.enum('module_state')?.values ?? [])].find(([, number]) => number === value) ?? [];
  return name === undefined ? 'unknown' : (STATES[name] ?? name);
}

/** refcnt is an atomic_t since v3.19 (2f35c41f58a9), a count for each CPU before. */
function referencesOf({ struct }: LinuxModule): number | null {
  if (!struct.has('refcnt.counter')) return null;
  const count = struct.small('refcnt.counter');
  return count === undefined ? null : count - OWN_REFERENCE;
}

function usersOf({ struct, kernel }: LinuxModule): string[] {
  if (!struct.has('source_list')) return [];
  const users: string[] = [];
  for (const node of readList(kernel.space, struct.at('source_list'), MAX_USERS).nodes) {
    const user = KernelStruct.of(kernel, 'module_use', 'source_list', node).follow('source', 'module')?.text('name');
    if (user !== undefined) users.push(user);
  }
  return users;
}

function taintsOf({ struct }: LinuxModule): string {
  const bits = struct.has('taints') ? (struct.number('taints') ?? 0n) : 0n;
  return Object.entries(TAINTS)
    .filter(([bit]) => ((bits >> BigInt(bit)) & 1n) === 1n)
    .map(([, letter]) => letter)
    .join('');
}
