import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { LinuxPage } from '#shared/model/index.ts';
import { addressArgument } from '../command.ts';
import { UsageError } from '../exit-code.ts';
import { toJson } from '../json.ts';
import { textPairs } from '#shared/text-table.ts';
import type { LinuxPart } from './part.ts';

export const page: LinuxPart = {
  argument: {
    name: 'ADDRESS',
    check(text) {
      if (addressArgument(text) >= 1n << 52n) throw new UsageError(`linux page: ${text} is wider than a physical address (52 bits)`);
    },
  },
  async show({ workbench, json, print }, dumpId, argument) {
    const found = await workbench.getLinuxPage({ dumpId, physical: Number(addressArgument(argument)) });
    print(json ? toJson(found) : asText(found));
  },
};

function asText({ pfn, address, flags, references, mappings, use, size }: LinuxPage): string {
  return textPairs([
    ['frame', `${pfn}`],
    ['struct page', formatAddress(address)],
    ['use', use || 'nothing says'],
    ['size', formatSize(size)],
    ['references', `${references}`],
    ['mappings', `${mappings ?? 'not counted'}`],
    ['flags', flags.join(' ') || 'none'],
  ]);
}
