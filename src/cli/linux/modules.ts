import { formatAddress, formatSize } from '#shared/address-text.ts';
import { toJson } from '../json.ts';
import { textTable } from '#shared/text-table.ts';
import type { LinuxPart } from './part.ts';

const right = 'right' as const;

export const modules: LinuxPart = {
  async show({ workbench, json, print, note }, dumpId) {
    const list = await workbench.listLinuxModules({ dumpId });
    if (json) {
      print(toJson(list));
      return;
    }
    for (const problem of list.problems) note(problem);
    if (list.modules.length === 0) {
      note('the kernel has no modules loaded');
      return;
    }
    print(
      textTable(
        [
          { title: 'MODULE' },
          { title: 'ADDRESS' },
          { title: 'SIZE', align: right },
          { title: 'STATE' },
          { title: 'USED', align: right },
          { title: 'BY' },
          { title: 'TAINTS' },
        ],
        list.modules.map(({ name, address, size, state, references, usedBy, taints }) => [
          name,
          formatAddress(address),
          formatSize(size),
          state,
          `${references ?? '-'}`,
          usedBy.join(','),
          taints,
        ]),
      ),
    );
  },
};
