/** Which spaces the memory panel offers of a dump, and where a guest's RAM lies in the host's. */
import type { DumpSummary, RamBlock } from '#shared/model/index.ts';
import type { MemorySpace, Stretch } from './space-knowledge.ts';

export function spacesOf(dump: Pick<DumpSummary, 'space' | 'hasHostAddresses'> | undefined): readonly MemorySpace[] {
  if (dump?.space === 'hva') return ['hva', 'file'];
  return dump?.hasHostAddresses ? ['gva', 'gpa', 'hva', 'file'] : ['gva', 'gpa', 'file'];
}

/** HVA ranges of the RAM blocks whose place is known, ascending. */
export function hostStretches(blocks: readonly Pick<RamBlock, 'host' | 'length'>[]): Stretch[] {
  return blocks
    .flatMap(({ host, length }) => (host === undefined || length === 0 ? [] : [{ start: host, last: host + length - 1 }]))
    .sort((a, b) => a.start - b.start);
}
