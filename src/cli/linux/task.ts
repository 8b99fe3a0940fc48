import { formatAddress, parseAddress } from '#shared/address-text.ts';
import { areaLine, taskStateWord } from '#shared/linux-text.ts';
import type { LinuxFile, LinuxTaskDetail } from '#shared/model/index.ts';
import { UsageError } from '../exit-code.ts';
import { hex, hexOrNull, toJson } from '../json.ts';
import { textPairs, textTable } from '#shared/text-table.ts';
import type { LinuxPart } from './part.ts';
import { commOf, taskJson } from './tasks.ts';

const right = 'right' as const;
/** What has no more digits than a PID, and nothing else, is one. */
const PID = /^\d{1,9}$/;

export const task: LinuxPart = {
  argument: {
    name: 'PID or ADDRESS',
    check(text) {
      if (!PID.test(text) && parseAddress(text) === undefined)
        throw new UsageError(`linux task: neither a PID nor the address of a task_struct: ${JSON.stringify(text)}`);
    },
  },
  async show({ workbench, json, print, note }, dumpId, argument) {
    const detail = await workbench.getLinuxTask({
      dumpId,
      ...(PID.test(argument) ? { pid: Number(argument) } : { address: parseAddress(argument)! }),
    });
    if (json) {
      print(toJson(asJson(detail)));
      return;
    }
    for (const problem of detail.problems) note(problem);
    print(asText(detail));
  },
};

function asJson({ task: found, areas, ...rest }: LinuxTaskDetail) {
  return { task: taskJson(found), ...rest, areas: areas?.map((area) => ({ ...area, offset: hex(area.offset) })) ?? null };
}

function asText({ task: found, commandLine, areas, files, threads, children }: LinuxTaskDetail): string {
  const head = textPairs([
    ['PID', `${found.pid}`],
    ['process', `${found.tgid}`],
    ['parent', `${found.parent ?? 'not known'}`],
    ['name', commOf(found)],
    ['state', taskStateWord(found)],
    ['CPU', `${found.cpu ?? 'not known'}`],
    ['task_struct', formatAddress(found.address)],
    ['page tables', hexOrNull(found.root) ?? (found.kernel ? "the kernel's" : 'none')],
    ['command line', commandLine?.join(' ') ?? '-'],
    ['threads', threads.join(' ') || '-'],
    ['children', children.join(' ') || '-'],
  ]);
  const parts = [head];
  if (files) parts.push(`Files:\n${filesText(files)}`);
  if (areas) parts.push(`Areas of memory:\n${areas.map(areaLine).join('\n')}`);
  return parts.join('\n\n');
}

function filesText(files: readonly LinuxFile[]): string {
  const columns = [{ title: 'FD', align: right }, { title: 'ACCESS' }, { title: 'POSITION', align: right }, { title: 'FILE' }, { title: 'PATH' }];
  return textTable(
    columns,
    files.map(({ descriptor, access, position, address, path }) => [
      `${descriptor}`,
      access || '-',
      `${position ?? '-'}`,
      formatAddress(address),
      path,
    ]),
  );
}
