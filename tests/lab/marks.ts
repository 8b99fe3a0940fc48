/**
 * What the lab's guests say of their own memory, against what page tables say: MARK lines of serial.log (../shared/lab/guests/marker.c prints virtual addresses and
 * their page frames out of /proc/self/pagemap), gva2gpa out of oracle.json, and the page tables of processes that no CPU runs, found by trying every page as a root.
 */
import { readFileSync } from 'node:fs';
import { ARCHITECTURES, type Architecture } from '#engine/arch/index.ts';
import type { OpenedDump } from '#engine/formats/format.ts';
import type { OpenSource } from '#engine/io/open-source.ts';
import type { GuestMemory } from '#engine/memory/guest-memory.ts';
import { translationTables } from '#engine/session/translation-root.ts';
import { indexOf } from '#engine/translate/paging-mode.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import type { PagingModeId } from '#shared/model/index.ts';
import { openFile } from '../engine/containers/opened-image.ts';
import { labFile, labOracle } from './lab-guest.ts';

export interface Mark {
  kind: 'small' | 'huge2m' | 'ro' | 'notpresent' | 'text' | 'stack';
  address: bigint;
  /** GPA as the guest tells it; undefined for what is not mapped, and where the guest does not tell frames (ppc64le). */
  physical?: number;
  /** What stands at the address; undefined where the program does not say. */
  text?: string;
}

export interface MarkedProcess {
  pid: number;
  marks: Mark[];
}

/** How many lines marker.c prints of memory in small pages, before any other. */
const SMALL_MARKS = 8;

/**
 * Of each process of a guest its marks, in the order of its lines. `log`: what its serial line said. On a slow machine the kernel speaks in between, in the
 * middle of a line too, and a guest may be stopped while it still prints. A process that lost lines in any other way is left out.
 */
export function readMarks(guest: string, log = 'serial.log'): MarkedProcess[] {
  const spoken = readFileSync(labFile(guest, log), 'latin1').replace(/^(M[^\n]*?)(?:\[ *\d+\.\d{6}\] [^\n]*\n)+/gm, '$1');
  const lines = spoken.matchAll(/^MARK pid=(\d+) (small|huge2m|ro|notpresent|text|stack) va=([0-9a-f]+)(?: present=([01]) pfn=([0-9a-f]+))?\r?$/gm);
  const processes = new Map<number, Mark[]>();
  for (const [, pid = '', kind = '', digits = '', present, frame] of lines) {
    const marks = processes.get(Number(pid)) ?? [];
    processes.set(Number(pid), marks);
    const address = BigInt(`0x${digits}`);
    const physical = present === '1' ? Number.parseInt(frame ?? '', 16) * 4096 + Number(address & 4095n) : undefined;
    const before = marks.filter((mark) => mark.kind === kind).length;
    marks.push({ kind: kind as Mark['kind'], address, physical, text: textOf(Number(pid), kind, before) });
  }
  // Which of its texts a small mark has is known by its place among them.
  const isWhole = (pid: number, marks: Mark[]) =>
    marks.filter(({ kind }) => kind === 'small').length === SMALL_MARKS || !spoken.includes(`MARK-DONE ${pid}`);
  const whole = [...processes].filter(([pid, marks]) => isWhole(pid, marks)).map(([pid, marks]) => ({ pid, marks }));
  if (whole.length === 0) throw new Error(`${guest}: ${log} has no process with all its lines:\n${spoken}`);
  return whole;
}

/** What marker.c writes to the `ordinal`-th address of a kind. */
function textOf(pid: number, kind: string, ordinal: number): string | undefined {
  if (kind === 'small') return `marker-${pid}-${ordinal >> 1}-0000${ordinal % 2 === 0 ? '0' : '3'}000`;
  if (kind === 'ro') return 'readonly-marker';
  if (kind === 'huge2m') return ordinal === 0 ? 'Z'.repeat(16) : 'huge-2m-marker';
  return undefined;
}

/** A dump of the lab, open in this thread. The caller closes the source. */
export interface LabImage {
  dump: OpenedDump;
  memory: GuestMemory;
  source: OpenSource;
  architecture: Architecture;
}

export const openLabImage = (guest: string, name = 'stream.qevm'): Promise<LabImage> => openLabFile(labFile(guest, name));

/** Throws for a dump whose CPU family is not decoded. */
export async function openLabFile(file: string): Promise<LabImage> {
  const { dump, memory, source } = await openFile(file);
  const architecture = ARCHITECTURES.find(({ id }) => id === dump.architecture);
  if (!architecture) throw new Error(`${file}: the family ${dump.architecture} is not decoded`);
  return { dump, memory, source, architecture };
}

/** The addresses that the table at `root` translates, as for a root that somebody types in. */
export function spaceOfRoot({ dump, memory, architecture }: LabImage, root: number, mode?: PagingModeId): TranslationSpace {
  return new TranslationSpace(memory, translationTables(architecture, dump.cpus, { kind: 'root', root, mode }));
}

export function spaceOfCpu({ dump, memory, architecture }: LabImage, cpu: number, regime?: string): TranslationSpace {
  return new TranslationSpace(memory, translationTables(architecture, dump.cpus, { kind: 'cpu', cpu, regime }));
}

export interface RootSearch {
  mode?: PagingModeId;
  /** Bytes between candidates; 4096 when left out. */
  step?: number;
}

/** Roots under which every mark of the process stands where the guest says and holds its text; candidates are all multiples of `step` in RAM. */
export function findRoots(image: LabImage, { marks }: MarkedProcess, { mode, step = 4096 }: RootSearch = {}): number[] {
  const known = marks.filter(({ physical, text }) => physical !== undefined || text !== undefined);
  const first = known[0];
  if (!first) return [];
  const roots: number[] = [];
  const table = spaceOfRoot(image, 0, mode).tableFor(first.address).mode;
  const [top] = table.levels;
  const topEntry = top === undefined ? 0 : indexOf(top, first.address) * table.entrySize;
  const { memory } = image;
  for (const { start, last } of image.dump.regions) {
    for (let root = start; root < last; root += step) {
      // Most pages are no tables: those whose entry for the address is 0 need no look.
      const entry = root + topEntry;
      if (!memory.readU64(entry - (entry % 8)) || (memory.low === 0 && memory.high === 0)) continue;
      const space = spaceOfRoot(image, root, mode);
      if (known.every((mark) => holds(memory, space, mark))) roots.push(root);
    }
  }
  return roots;
}

function holds(memory: GuestMemory, space: TranslationSpace, { address, physical, text }: Mark): boolean {
  if (!space.translateAddress(address)) return false;
  const found = space.found.physical;
  return (physical === undefined || found === physical) && (text === undefined || textAt(memory, found, text.length) === text);
}

/** Latin-1. */
export function textAt(memory: GuestMemory, physical: number, length: number): string {
  const bytes = new Uint8Array(length);
  memory.read(physical, bytes);
  return String.fromCharCode(...bytes);
}

/** One line for each mark, "small 3ffabcf7000 b627000 marker-84-0-00000000", as the guest says and as page tables say: equal when they agree. */
export function compareMarks({ memory }: LabImage, space: TranslationSpace, { marks }: MarkedProcess): { theirs: string[]; ours: string[] } {
  const line = ({ kind, address }: Mark, physical: number | undefined, text: string | undefined) =>
    [kind, address.toString(16), physical?.toString(16) ?? '-', text ?? '-'].join(' ');
  const theirs = marks.map((mark) => line(mark, mark.physical, mark.text));
  const ours = marks.map((mark) => {
    const mapped = space.translateAddress(mark.address);
    const physical = mapped ? space.found.physical : undefined;
    // Where the guest does not tell the frame of something mapped, only the text counts.
    const shown = mark.physical === undefined && mark.kind !== 'notpresent' ? undefined : physical;
    const text = mark.text === undefined || physical === undefined ? undefined : textAt(memory, physical, mark.text.length);
    return line(mark, shown, text);
  });
  return { theirs, ours };
}

/** One line for each gva2gpa of oracle.json, "CPU 0 c4000000 4000000 8b0d…" with the bytes there, as QEMU says and as we do. */
export function compareTranslations(image: LabImage, guest: string): { theirs: string[]; ours: string[] } {
  const { translations } = labOracle(guest) as { translations: { cpu: number; gva: string; gpa: string | null; bytes?: string }[] };
  const line = (cpu: number, gva: string, gpa: string | null, bytes = '') => `CPU ${cpu} ${gva} ${gpa ?? 'unmapped'} ${bytes}`.trim();
  const theirs = translations.map(({ cpu, gva, gpa, bytes }) => line(cpu, gva, gpa, bytes));
  const ours = translations.map(({ cpu, gva, bytes }) => {
    const space = spaceOfCpu(image, cpu);
    if (!space.translateAddress(BigInt(`0x${gva}`))) return line(cpu, gva, null);
    const { physical } = space.found;
    const there = bytes === undefined ? undefined : Buffer.from(textAt(image.memory, physical, bytes.length / 2), 'latin1').toString('hex');
    return line(cpu, gva, physical.toString(16), there);
  });
  return { theirs, ours };
}
