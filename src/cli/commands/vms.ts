import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { Memslot, NestedTables, VirtualMachine, VirtualMachineList } from '#shared/model/index.ts';
import type { Command } from '../command.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { hexOrNull, toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';
import { textPairs, textTable } from '#shared/text-table.ts';

const right = 'right' as const;

export const vms: Command = {
  name: 'vms',
  usage: 'FILE... [PID] [--memslots | --vcpus]',
  summary: "the virtual machines in a KVM host's memory",
  details: `Finds them by KVM's own list and by the files that tasks hold.
  PID              one of them: the process that runs it; PID.N where one process has several
  --memslots       which guest-physical memory lies where in the process, by address space
  --vcpus          their threads, states, instruction pointers and page tables; \`registers FILE --vm PID\` has all registers`,
  arity: [1, 2],
  // As VirtualMachine.id is.
  argument: /^(\d+(\.\d+)?|0x[\da-f]+)$/i,
  options: { memslots: { type: 'boolean' }, vcpus: { type: 'boolean' } },
  async run(context) {
    const { memslots, vcpus } = context.options;
    if (memslots === true && vcpus === true) throw new UsageError('--memslots and --vcpus exclude each other');
    const { dumpId } = await openDump(context);
    const list = await context.workbench.listVms({ dumpId });
    const [, wanted] = context.positionals;
    const found = wanted === undefined ? list.vms : pick(list, wanted);
    if (context.json) context.print(toJson({ vms: found.map(asJson), problems: list.problems }));
    else {
      for (const problem of list.problems) context.note(problem);
      if (list.vms.length === 0) context.note('No virtual machine was found.');
      const show = memslots === true ? memslotText : vcpus === true ? vcpuText : wanted === undefined ? undefined : detailText;
      if (show) context.print(found.map(show).join('\n\n'));
      else if (found.length > 0) context.print(overviewText(found));
    }
    return EXIT.done;
  },
};

function pick({ vms: all, problems }: VirtualMachineList, wanted: string): VirtualMachine[] {
  const found = all.filter(({ id, pid }) => id === wanted || `${pid}` === wanted);
  if (found.length > 0) return found;
  const there = all.length === 0 ? 'none was found in this dump' : `there are ${all.map(({ id }) => id).join(', ')}`;
  throw new UsageError([`vms: there is no virtual machine ${wanted}: ${there}`, ...problems].join('\n'));
}

function asJson({ memslots, vcpus, nested, ...rest }: VirtualMachine) {
  return {
    ...rest,
    memslots,
    vcpus: vcpus.map(({ root, ...vcpu }) => ({ ...vcpu, root: hexOrNull(root) })),
    nested: nested.map(({ root, ...tables }) => ({ ...tables, root: hexOrNull(root) })),
  };
}

function overviewText(machines: readonly VirtualMachine[]): string {
  const rows = machines.map(({ id, name, guestName, memory, memslots, vcpus, nested, problems }) => [
    id,
    name,
    guestName ?? '-',
    formatSize(memory),
    `${memslots.length}`,
    `${vcpus.length}`,
    nestedText(nested[0]),
    problems.join(' '),
  ]);
  const columns = [
    { title: 'VM', align: right },
    { title: 'PROCESS' },
    { title: 'GUEST' },
    { title: 'MEMORY', align: right },
    { title: 'SLOTS', align: right },
    { title: 'VCPUS', align: right },
    { title: 'NESTED TABLES' },
    { title: '' },
  ];
  return textTable(columns, rows);
}

function nestedText(tables: NestedTables | undefined): string {
  return tables ? `${tables.kind} ${formatAddress(tables.root)}` : '-';
}

function titleOf({ id, name, guestName }: VirtualMachine): string {
  return `${id}  ${name}${guestName === null ? '' : `  ${guestName}`}`;
}

const WAYS = { 'vm-list': "KVM's list", 'task-file': 'a file that its process holds' } as const;

function detailText(machine: VirtualMachine): string {
  const { commandLine, address, foundBy, memory, memslots, vcpus, nested, problems } = machine;
  const pairs: [string, string][] = [
    ['struct kvm', formatAddress(address)],
    ['found by', foundBy.map((way) => WAYS[way]).join(' and ')],
    ['memory', `${formatSize(memory)} in ${memslots.length} memslots`],
    ['vCPUs', `${vcpus.length}`],
    ...nested.map(({ kind, root, levels, addressSpace, vcpus: users }): [string, string] => [
      'nested tables',
      `${kind} at ${formatAddress(root)}, ${levels} levels, address space ${addressSpace}, ${users.length > 0 ? `of vCPU ${users.join(', ')}` : 'of no vCPU now'}`,
    ]),
    ['command line', commandLine?.join(' ') ?? 'not in the dump'],
    ...problems.map((problem): [string, string] => ['problem', problem]),
  ];
  return `${titleOf(machine)}\n${textPairs(pairs, '  ')}`;
}

function memslotText(machine: VirtualMachine): string {
  const { pageSize } = machine;
  const row = ({ addressSpace, id, baseGfn, npages, userspaceAddr, flags }: Memslot) => [
    `${addressSpace}`,
    `${id}`,
    formatAddress(baseGfn * pageSize),
    formatAddress((baseGfn + npages) * pageSize - 1),
    formatSize(npages * pageSize),
    formatAddress(userspaceAddr),
    flags.join(' '),
  ];
  const columns = [
    { title: 'SPACE', align: right },
    { title: 'SLOT', align: right },
    { title: 'START', align: right },
    { title: 'LAST', align: right },
    { title: 'SIZE', align: right },
    { title: 'HOST VIRTUAL', align: right },
    { title: 'FLAGS' },
  ];
  return `${titleOf(machine)}\n${textTable(columns, machine.memslots.map(row))}`;
}

function vcpuText(machine: VirtualMachine): string {
  const rows = machine.vcpus.map(({ id, thread, state, instructionPointer, root }) => [
    `${id}`,
    `${thread ?? '-'}`,
    state,
    instructionPointer === null ? '-' : formatAddress(instructionPointer),
    root === null ? '-' : formatAddress(root),
  ]);
  const columns = [
    { title: 'VCPU', align: right },
    { title: 'THREAD', align: right },
    { title: 'STATE' },
    { title: 'INSTRUCTION', align: right },
    { title: 'ROOT', align: right },
  ];
  return `${titleOf(machine)}\n${textTable(columns, rows)}`;
}
