/** What a user sees of the lab's guests through the workbench's API, against QEMU's answers about the same paused guests. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Mapping, PagingModeId } from '#shared/model/index.ts';
import { answerLines, parseInfoRegisters } from '../engine/arch/qemu-answers.ts';
import { memRow } from '../engine/translate/qemu-rows.ts';
import { asFlatRanges, ramOfFlatView } from '../engine/machine/flat-view.ts';
import { loadsOf } from '../engine/formats/open-bytes.ts';
import { labFile, labFolder, labOracle, labWorkbench, LINUX_GUESTS, LINUX_GUESTS_32, readPhysical, translateAll, type LabDump } from './lab-guest.ts';

const { open } = labWorkbench(labFolder());
const guests = ['tiny', ...LINUX_GUESTS];

/** Letters of a row of `info tlb` (QEMU target/i386/monitor.c, print_pte) and the flags they stand for. */
const TLB_LETTERS: Record<string, string> = { X: 'NX', G: 'G', P: 'PS', D: 'D', A: 'A', C: 'PCD', T: 'PWT', U: 'US', W: 'RW' };

/** CPUs that QEMU could list mappings of, with what it listed. */
function pagedCpus(guest: string) {
  return labOracle(guest).cpus.flatMap(({ tlb, mem }, cpu) =>
    answerLines(tlb).length > 0 ? [{ cpu, tlb: answerLines(tlb), mem: answerLines(mem) }] : [],
  );
}

async function allMappings({ workbench, dumpId }: LabDump, cpu: number): Promise<Mapping[]> {
  const all: Mapping[] = [];
  for (let from: bigint | null = 0n; from !== null;) {
    const { mappings, next } = await workbench.listMappings({ dumpId, from, limit: 4096, root: { kind: 'cpu', cpu } });
    all.push(...mappings);
    from = next;
  }
  return all;
}

describe.each(guests)('%s, opened from its stream', (guest) => {
  it('has every register of both CPUs as `info registers` says', async () => {
    const { workbench, dumpId } = await open(labFile(guest, 'stream.qevm'));
    const cpus = await workbench.getCpus({ dumpId });
    expect(cpus).toHaveLength(2);
    for (const [index, { registers: text }] of labOracle(guest).cpus.entries()) {
      const answer = parseInfoRegisters(text);
      const held = new Map(cpus[index]!.registers.map(({ name, value }) => [name, value]));
      expect(answer.registers.size).toBeGreaterThanOrEqual(answer.short ? 41 : 57);
      for (const [name, expected] of answer.registers) {
        // A CPU outside long mode is printed with 32 bits.
        const value = held.get(name) ?? -1n;
        const shown = answer.short && !/^(dr|[xy]mm|st|efer)/.test(name) ? BigInt.asUintN(32, value) : value;
        expect(`${name} ${shown.toString(16)}`, `CPU ${index}`).toBe(`${name} ${expected.toString(16)}`);
      }
      expect(answer.segments.size).toBe(10);
      for (const [name, { selector, base, limit, flags }] of answer.segments) {
        const segment = cpus[index]!.segments.find((candidate) => candidate.name === name);
        expect([name, segment?.base, segment?.limit]).toEqual([name, base, Number(limit)]);
        if (selector !== undefined) expect([name, segment?.selector, segment?.flags]).toEqual([name, Number(selector), Number(flags)]);
      }
    }
  });

  it('has RAM where `info mtree -f` has it', async () => {
    const { workbench, dumpId } = await open(labFile(guest, 'stream.qevm'));
    const { regions } = await workbench.getMemoryMap({ dumpId });
    expect(asFlatRanges(regions.map((region) => ({ ...region, block: region.block ?? '' })))).toEqual(ramOfFlatView(labOracle(guest)['mtree -f']));
  });

  it.each(pagedCpus(guest))('translates every row of `info tlb` of CPU $cpu to the same frame with the same flags', async ({ cpu, tlb }) => {
    const rows = tlb.map((line) => {
      const [virtual, physical, letters] = line.split(/:? /) as [string, string, string];
      const flags = [...letters].filter((letter) => letter !== '-').map((letter) => TLB_LETTERS[letter]!);
      return { virtual: BigInt(`0x${virtual}`), physical: parseInt(physical, 16), flags: ['P', ...flags].sort().join(' ') };
    });
    const answers = await translateAll(
      await open(labFile(guest, 'stream.qevm')),
      rows.map(({ virtual }) => virtual),
      { kind: 'cpu', cpu },
    );
    const wrong = rows.flatMap((row, index) => {
      const answer = answers[index]!;
      // The PAT bit is not among QEMU's letters.
      const flags =
        answer.physical === null
          ? answer.reason
          : answer.flags
              .filter((flag) => flag !== 'PAT')
              .sort()
              .join(' ');
      return answer.physical === row.physical && flags === row.flags
        ? []
        : [`${row.virtual.toString(16)}: ${row.physical} ${row.flags} | ${answer.physical} ${flags}`];
    });
    expect(rows.length).toBeGreaterThan(500);
    expect(wrong).toEqual([]);
  });

  // QEMU 7.2 answers `info mem` with nothing under 5-level paging.
  it.each(pagedCpus(guest).filter(({ mem }) => mem.length > 0))('reproduces `info mem` of CPU $cpu', async ({ cpu, mem }) => {
    const merged: Mapping[] = [];
    for (const mapping of await allMappings(await open(labFile(guest, 'stream.qevm')), cpu)) {
      const before = merged.at(-1);
      const { writable, user } = mapping.effective;
      if (before && before.last + 1n === mapping.start && before.effective.writable === writable && before.effective.user === user)
        before.last = mapping.last;
      else merged.push({ ...mapping });
    }
    expect(merged.map(memRow).join('\n')).toBe(mem.join('\n'));
  });

  it('answers every gva2gpa as QEMU did, with the bytes that are there', async () => {
    const dump = await open(labFile(guest, 'stream.qevm'));
    const { translations } = labOracle(guest);
    expect(translations.filter(({ gpa }) => gpa !== null).length).toBeGreaterThanOrEqual(3);
    for (const { cpu, gva, gpa, bytes } of translations) {
      const [answer] = await translateAll(dump, [BigInt(`0x${gva}`)], { kind: 'cpu', cpu });
      expect([gva, answer!.physical?.toString(16) ?? null]).toEqual([gva, gpa]);
      if (answer!.physical === null || !bytes) continue;
      const { workbench, dumpId } = dump;
      const seen = await workbench.readMemory({
        dumpId,
        space: 'gva',
        address: BigInt(`0x${gva}`),
        length: bytes.length / 2,
        root: { kind: 'cpu', cpu },
      });
      // Where there is no RAM, QEMU's monitor shows what a bus without a device answers.
      if (seen.spans.every(({ state }) => state === 'present' || state === 'zero'))
        expect([gva, Buffer.from(seen.bytes).toString('hex')]).toEqual([gva, bytes]);
    }
  });

  it.each(['stream.qevm', 'paging-off.elf'])('reads the first 8 MiB from %s as pmemsave wrote them', async (name) => {
    const bytes = await readPhysical(await open(labFile(guest, name)), 0, 8 * 2 ** 20);
    expect(Buffer.compare(bytes, readFileSync(labFile(guest, 'pmem.raw')))).toBe(0);
  });

  it('reads all memory as it stands in paging-off.elf', async () => {
    const elf = new Uint8Array(readFileSync(labFile(guest, 'paging-off.elf')));
    const dump = await open(labFile(guest, 'stream.qevm'));
    for (const { physical, length, offset } of loadsOf(elf)) {
      expect(
        Buffer.compare(await readPhysical(dump, physical, length), elf.subarray(offset, offset + length)),
        `GPA 0x${physical.toString(16)}`,
      ).toBe(0);
    }
  });
});

describe.each([...LINUX_GUESTS, ...LINUX_GUESTS_32])('processes of %s: what the guest printed of its own pages (MARK lines)', (guest) => {
  interface Mark {
    virtual: bigint;
    /** Undefined for the page that has none. */
    frame: number | undefined;
    tag: string;
  }

  function marksOf(log: string): Map<number, Mark[]> {
    const marks = new Map<number, Mark[]>();
    for (const [, pid, tag, virtual, frame] of log.matchAll(/^MARK pid=(\d+) (\w+) va=([0-9a-f]+)(?: present=1 pfn=([0-9a-f]+))?/gm)) {
      const list = marks.get(Number(pid)) ?? [];
      list.push({ virtual: BigInt(`0x${virtual}`), frame: frame === undefined ? undefined : parseInt(frame, 16), tag: tag! });
      marks.set(Number(pid), list);
    }
    return marks;
  }

  it('translate with the page tables of their process, which are found in memory, to the frames that the kernel said', async () => {
    const dump = await open(labFile(guest, 'stream.qevm'));
    const { workbench, dumpId } = dump;
    const { mode } = (await workbench.getCpus({ dumpId }))[0]!.paging;
    const marks = marksOf(readFileSync(labFile(guest, 'serial.log'), 'latin1'));
    expect(marks.size).toBe(2);
    const { regions } = await workbench.getMemoryMap({ dumpId });
    const memory = await readPhysical(dump, 0, regions[0]!.last + 1);
    const view = new DataView(memory.buffer);
    for (const [pid, list] of marks) {
      expect(list.length).toBeGreaterThan(8);
      const [first, ...others] = list.filter(({ frame }) => frame !== undefined);
      const roots = findRoots(view, mode, first!.virtual, first!.frame!);
      const fitting: number[] = [];
      for (const root of roots) {
        const answers = await translateAll(
          dump,
          others.map(({ virtual }) => virtual),
          { kind: 'root', root, mode },
        );
        if (answers.every(({ physical }, index) => physical !== null && Math.floor(physical / 4096) === others[index]!.frame)) fitting.push(root);
      }
      expect(fitting.length, `roots of process ${pid}`).toBeGreaterThan(0);
      const root = { kind: 'root', root: fitting[0]!, mode } as const;
      for (const { virtual, frame, tag } of list) {
        const [answer] = await translateAll(dump, [virtual], root);
        const what = `process ${pid}, ${tag}, ${virtual.toString(16)}`;
        if (frame === undefined) expect(answer!.physical, what).toBeNull();
        else
          expect([answer!.physical !== null && answer!.pageSize], what).toEqual([tag === 'huge2m' ? (mode === 'x86-32' ? 2 ** 22 : 2 ** 21) : 4096]);
        if (tag === 'small') {
          const { bytes } = await workbench.readMemory({ dumpId, space: 'gva', address: virtual, length: 16, root });
          expect(Buffer.from(bytes).toString('latin1'), what).toContain(`marker-${pid}-`);
        }
      }
    }
  });

  const SHIFTS: Partial<Record<PagingModeId, number[]>> = {
    'x86-64-5level': [48, 39, 30, 21, 12],
    'x86-64-4level': [39, 30, 21, 12],
    'x86-pae': [30, 21, 12],
    'x86-32': [22, 12],
  };

  /** Places that could hold a top table: those from which the address leads to the frame. */
  function findRoots(view: DataView, mode: PagingModeId, virtual: bigint, frame: number): number[] {
    const size = mode === 'x86-32' ? 4 : 8;
    const indexes = SHIFTS[mode]!.map((shift) => Number((virtual >> BigInt(shift)) & (size === 4 ? 1023n : 511n)));
    const roots: number[] = [];
    for (let root = 0; root < view.byteLength; root += mode === 'x86-pae' ? 32 : 4096) {
      let table = root;
      for (const index of indexes) {
        const at = table + index * size;
        const low = at + size <= view.byteLength ? view.getUint32(at, true) : 0;
        const high = low & 1 && size === 8 ? view.getUint32(at + 4, true) & 0xfffff : 0;
        table = low & 1 ? high * 2 ** 32 + (low >>> 12) * 4096 : Infinity;
      }
      if (table === frame * 4096) roots.push(root);
    }
    return roots;
  }
});
