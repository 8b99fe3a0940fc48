/** What is said of a virtual machine in words, and what the filter of their list looks into. */
import { counted } from '#shared/counted.ts';
import type { NestedTables, VirtualMachine } from '#shared/model/index.ts';
import { spaceWords } from './slot-order.ts';

/** The two ways that lead to a machine: the list that KVM keeps, and the files that processes hold open. */
const WAYS: Readonly<Record<VirtualMachine['foundBy'][number], string>> = { 'vm-list': 'vm_list', 'task-file': 'open file' };
export const ALL_WAYS = Object.keys(WAYS) as VirtualMachine['foundBy'];

export interface Finding {
  words: string;
  /** One way led to it, the other did not. */
  doubtful: boolean;
  title: string;
}

export function findingOf({ foundBy, problems }: Pick<VirtualMachine, 'foundBy' | 'problems'>): Finding {
  const missing = ALL_WAYS.filter((way) => !foundBy.includes(way));
  const words = foundBy.length === 0 ? 'not said' : missing.length === 0 ? 'both ways' : `${foundBy.map((way) => WAYS[way]).join(', ')} only`;
  const title =
    missing.length === 0
      ? 'In KVM’s vm_list, and held open by the process as anon_inode:kvm-vm.'
      : [`Not found by ${missing.map((way) => WAYS[way]).join(', ')}.`, ...problems].join(' ');
  return { words, doubtful: missing.length > 0, title };
}

/** The process where nothing names the guest. */
export const titleOf = ({ guestName, name }: Pick<VirtualMachine, 'guestName' | 'name'>): string => guestName ?? name;

/** "PID 174"; a machine whose process nothing names goes by its address. */
export const whose = ({ id, pid }: Pick<VirtualMachine, 'id' | 'pid'>): string => (pid === null ? `process not known, ${id}` : `PID ${id}`);

/** "NPT, 4 levels, vCPUs 0 and 1" */
export function nestedWords({ kind, levels, vcpus, addressSpace }: NestedTables): string {
  const names = vcpus.length > 8 ? `${vcpus.slice(0, 8).join(', ')} …` : vcpus.join(', ');
  const users = vcpus.length === 0 ? 'no vCPU has them loaded' : `${vcpus.length === 1 ? 'vCPU' : 'vCPUs'} ${names}`;
  const space = addressSpace === 0 ? [] : [`address space ${spaceWords(addressSpace)}`];
  return [kind.toUpperCase(), counted(levels, 'level'), users, ...space].join(', ');
}

/** A word as a shell would need it quoted. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** As one would type it; null where the dump does not hold it. */
export const commandText = ({ commandLine }: Pick<VirtualMachine, 'commandLine'>): string | null => commandLine?.map(quoted).join(' ') ?? null;

export function filterMachines(vms: readonly VirtualMachine[], text: string): readonly VirtualMachine[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return vms;
  return vms.filter(({ id, name, guestName, commandLine }) =>
    [id, name, guestName ?? '', ...(commandLine ?? [])].some((word) => word.toLowerCase().includes(wanted)),
  );
}
