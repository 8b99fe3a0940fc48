/**
 * Whether the memslot road (GPA, HVA, HPA) and the nested tables lead to the same byte, and if not, why not, in a sentence.
 *
 * KVM fills nested tables at the guest's first access and drops what the host's memory management changes (Linux virt/kvm/kvm_main.c, kvm_mmu_notifier_*; arch/x86/kvm/mmu): an entry that is missing is no contradiction, an
 * entry that leads elsewhere is one, but for a moment.
 */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { Memslot, RoadAgreement, Walk } from '#shared/model/index.ts';
import { hasBit, isFrozen, isMmio, type SpteMarks } from './spte-marks.ts';

export interface Roads {
  memslot: Memslot | null;
  /** HVA to HPA; null where no memslot gives an HVA. */
  host: Walk | null;
  /** GPA to HPA. */
  nested: Walk;
  marks: SpteMarks;
  /** Whether KVM is at work on what the host takes back. */
  invalidating: boolean;
}

export function compareRoads(roads: Roads): RoadAgreement {
  const { memslot, host, nested } = roads;
  if (!memslot || !host) return withoutSlot(roads);
  const known = host.result;
  const { result } = nested;
  if (result.kind === 'fault')
    return { agree: null, sentence: `${whyNotNested(roads)}${known.kind === 'fault' ? ' Nor has the process a page there.' : ''}` };
  if (known.kind === 'fault') return { agree: null, sentence: whyNotHost(roads, result.physical) };
  if (known.physical === result.physical)
    return { agree: true, sentence: `Both roads lead to HPA ${formatAddress(result.physical)}.${remarks(roads)}` };
  const sentence = `The nested tables lead to HPA ${formatAddress(result.physical)}, the memslot to HPA ${formatAddress(known.physical)}: ${roads.invalidating ? 'the host is exchanging pages of this guest, and KVM has yet to drop the old entry' : 'the dump was taken while the page moved, or one of the tables is damaged'}.`;
  return { agree: false, sentence };
}

function lastEntry({ steps }: Walk): bigint | null {
  return steps.at(-1)?.entry ?? null;
}

function withoutSlot({ nested, marks }: Roads): RoadAgreement {
  const { result } = nested;
  if (result.kind === 'page')
    return {
      agree: false,
      sentence: `No memslot holds the address, but the nested tables lead to HPA ${formatAddress(result.physical)}: a memslot is being taken away, and KVM has yet to drop its entries.`,
    };
  const entry = lastEntry(nested);
  if (result.reason === 'table-missing' || result.reason === 'no-root')
    return { agree: null, sentence: `No memslot holds the address. ${result.sentence}` };
  const marked = entry !== null && isMmio(marks, entry) ? ', and KVM has marked the page as such' : '';
  return { agree: true, sentence: `Neither road leads anywhere: no memslot holds the address, so it is a device's or nobody's${marked}.` };
}

function whyNotNested({ nested, memslot, marks }: Roads): string {
  const { result } = nested;
  if (result.kind === 'page') return '';
  const step = nested.steps.at(-1);
  const entry = lastEntry(nested);
  const place = step ? `${step.levelName}[${step.index}]` : 'the root';
  if (result.reason === 'table-missing' || result.reason === 'no-root' || entry === null)
    return `The nested tables cannot be asked: ${result.sentence}`;
  if (isMmio(marks, entry))
    return `KVM has marked the page as no memory (${place}): the guest touched it before the memslot was there${memslot?.flags.includes('readonly') ? ', or writes to this read-only slot are for QEMU to carry out' : ''}.`;
  if (isFrozen(entry)) return `A thread of KVM has taken ${place} of the nested tables to change it: the entry is about to come or to go.`;
  if (hasBit(entry, marks.memory)) return `KVM has taken the rights of ${place} away for a while, to see whether the guest still uses the page.`;
  const held = nested.steps.length > 1 ? '' : ' Its tables are new: KVM drops them all when a memslot goes.';
  return `The nested tables have no entry for the page yet (${place} is not present): the guest has not touched it since KVM made these tables, or the host took it back for a while.${held}`;
}

function whyNotHost({ host, memslot, invalidating }: Roads, physical: number): string {
  const { result } = host!;
  const lead = `Only the nested tables lead on, to HPA ${formatAddress(physical)}`;
  if (memslot?.flags.includes('guest-memfd')) return `${lead}: the slot has memory of guest_memfd, which its process does not map.`;
  if (result.kind === 'fault' && (result.reason === 'table-missing' || result.reason === 'no-root')) return `${lead}: ${result.sentence}`;
  const moving = invalidating ? ' The host is taking pages back at this moment.' : '';
  return `${lead}: the process has given the page up or has it swapped out, and KVM has yet to drop its entry.${moving} ${result.sentence}`;
}

/** What is worth saying of two roads that agree. */
function remarks({ host, nested, memslot, marks }: Roads): string {
  const said: string[] = [];
  const [own, below] = [host?.result, nested.result];
  if (own?.kind !== 'page' || below.kind !== 'page') return '';
  const entry = lastEntry(nested) ?? 0n;
  if (below.pageSize < own.pageSize) {
    const why = memslot?.flags.includes('log-dirty-pages')
      ? 'dirty logging goes page by page'
      : memslot && !holdsWhole(memslot, nested.address, own.pageSize)
        ? 'the memslot does not hold all of it'
        : 'KVM has split it, or has not joined it yet';
    said.push(`The process has a ${formatSize(own.pageSize)} page there, the nested tables ${formatSize(below.pageSize)}: ${why}.`);
  } else if (below.pageSize > own.pageSize)
    said.push(
      `The nested tables have a ${formatSize(below.pageSize)} page there, the process pages of ${formatSize(own.pageSize)}: it was one huge page when KVM looked.`,
    );
  if (!below.effective.writable) said.push(whyReadOnly(memslot, marks, entry, own.effective.writable));
  else if (!own.effective.writable) said.push('The guest may write it, and the process may not: it is about to be shared or write-protected.');
  return said.map((sentence) => ` ${sentence}`).join('');
}

/** Whether a page of that size around the GPA lies in the slot, at a multiple of its size in both spaces. */
function holdsWhole({ baseGfn, npages, userspaceAddr }: Memslot, gpa: bigint, size: number): boolean {
  const start = gpa - (gpa % BigInt(size));
  const first = BigInt(baseGfn) * 4096n;
  return start >= first && start + BigInt(size) <= first + BigInt(npages) * 4096n && (userspaceAddr - first) % BigInt(size) === 0n;
}

function whyReadOnly(memslot: Memslot | null, marks: SpteMarks, entry: bigint, writable: boolean): string {
  if (memslot?.flags.includes('readonly')) return 'The slot is read-only: writes of the guest are for QEMU to carry out.';
  if (memslot?.flags.includes('log-dirty-pages')) return 'It is write-protected until the next write, which dirty logging is to see.';
  if (!writable) return 'Neither the guest nor the process may write it: it is shared until somebody does.';
  if (hasBit(entry, marks.mmuWritable)) return 'It is write-protected until the next write, which KVM wants to see.';
  return hasBit(entry, marks.hostWritable)
    ? 'KVM does not let the guest write it: it holds page tables of a guest inside the guest, or somebody tracks its writes.'
    : 'It was mapped for reading alone: the next write makes it writable.';
}
