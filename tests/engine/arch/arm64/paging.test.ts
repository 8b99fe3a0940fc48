/** Page walks of AArch64: of a real guest's tables, and what registers make of regimes and modes. */
import { describe, expect, it } from 'vitest';
import { arm64 } from '#engine/arch/arm64/index.ts';
import { pagingMode } from '#engine/arch/arm64/paging-modes.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { translationTables } from '#engine/session/translation-root.ts';
import { mappings } from '#engine/translate/mappings.ts';
import { visitPages } from '#engine/translate/page-visitor.ts';
import { rightsOf } from '#engine/translate/paging-mode.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { FAULT_REASONS } from '#engine/translate/translator.ts';
import { BufferMemory } from '../../translate/buffer-memory.ts';
import { randomSource } from '../../translate/fuzzed-tables.ts';
import { ArmFixture } from './arm-fixture.ts';

const guest = new ArmFixture('arm64');
const cpu = guest.cpuOfStream(arm64);
const { memory } = guest;

describe('tables of a real guest', () => {
  const typed = new TranslationSpace(memory, translationTables(arm64, [cpu], { kind: 'root', root: guest.stored.root }));

  it('lead where the process says', () => {
    for (const { kind, address, physical } of guest.stored.marks) {
      const mapped = typed.translateAddress(BigInt(`0x${address}`));
      expect([kind, address, mapped ? typed.found.physical : undefined]).toEqual([kind, address, physical]);
    }
  });

  it('ignore the top byte where TCR_EL1.TBI says so', () => {
    const { address, physical } = guest.stored.marks[0]!;
    const tagged = BigInt(`0x${address}`) | (0x2bn << 56n);
    expect(typed.translateAddress(tagged)).toBe(true);
    expect(typed.found.physical).toBe(physical);
    expect(typed.walk(tagged).result.sentence).toContain('ignores the top byte');
    const strict = {
      ...cpu,
      registers: { ...cpu.registers, tcr_el1: { ...cpu.registers.tcr_el1!, value: cpu.registers.tcr_el1!.value & ~(3n << 37n) } },
    };
    const space = new TranslationSpace(memory, translationTables(arm64, [strict], { kind: 'root', root: guest.stored.root }));
    expect(space.walk(tagged).result).toMatchObject({ kind: 'fault', reason: 'non-canonical' });
  });

  it('show a 2 MiB block, and rights of user and kernel', () => {
    const mark = (kind: string) => typed.walk(BigInt(`0x${guest.stored.marks.find((found) => found.kind === kind)!.address}`)).result;
    expect(mark('huge2m')).toMatchObject({ pageSize: 2 ** 21, effective: { writable: true, user: true, executable: false } });
    expect(mark('ro')).toMatchObject({ pageSize: 4096, effective: { writable: false, user: true, executable: false } });
    expect(mark('text')).toMatchObject({ effective: { writable: false, user: true, executable: true } });
    const kernel = new TranslationSpace(memory, translationTables(arm64, [cpu], { kind: 'cpu', cpu: 0 }));
    const text = kernel.walk(BigInt(`0x${guest.stored.text.address}`)).result;
    expect(text).toMatchObject({ physical: Number.parseInt(guest.stored.kernelCode, 16), effective: { user: false, executable: true } });
  });

  it('say why an address leads nowhere', () => {
    const { address } = guest.stored.marks.find(({ kind }) => kind === 'notpresent')!;
    expect(typed.walk(BigInt(`0x${address}`)).result.sentence).toContain('bit 0 (valid) is clear, so the CPU raises a translation fault at level 3');
  });
});

/** A CPU with these registers alone. */
function cpuWith(values: Record<string, bigint>): CpuState {
  const registers = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, width: 64, source: 'test' }]));
  return { index: 0, registers, segments: {} };
}

describe('regimes', () => {
  const modes = (state: CpuState) =>
    arm64.regimesOf(state).map(({ id, tables }) => `${id}: ${tables.map(({ mode, root }) => `${mode} ${root?.toString(16)}`).join(', ')}`);
  const el1 = { cpsr: 5n, sctlr_el1: 1n };

  it('follow TCR_EL1: sizes, granules, LPA2, big-endian tables, halves that are off', () => {
    expect(modes(cpuWith({ ...el1, tcr_el1: 0x8010_0010n, ttbr0_el1: 0x1234_0000_4000_0001n, ttbr1_el1: 0x4100_0000n }))).toEqual([
      'el1: arm64-4k-48 40000000, arm64-4k-48-upper 41000000',
    ]);
    const wide = (6n << 32n) | (3n << 30n) | (12n << 16n) | (1n << 14n) | 12n;
    expect(modes(cpuWith({ ...el1, sctlr_el1: 1n | (1n << 25n), tcr_el1: wide, ttbr0_el1: 0x4000_0024n, ttbr1_el1: 0x4000_0000n }))).toEqual([
      'el1: arm64-64k-52-be 9000040000000, arm64-64k-52-upper-be 40000000',
    ]);
    const lpa2 = (1n << 59n) | (2n << 30n) | (12n << 16n) | 16n;
    expect(modes(cpuWith({ ...el1, tcr_el1: lpa2, ttbr0_el1: 0x4000_0000n, ttbr1_el1: 0x4000_0000n }))).toEqual([
      'el1: arm64-4k-48-lpa2 40000000, arm64-4k-52-upper 40000000',
    ]);
    expect(modes(cpuWith({ ...el1, tcr_el1: 0x8010_0090n, ttbr0_el1: 0n, ttbr1_el1: 0x4100_0000n }))).toEqual(['el1: arm64-4k-48-upper 41000000']);
    expect(modes(cpuWith({ ...el1, sctlr_el1: 0n }))).toEqual(['el1: off undefined']);
  });

  it('start with the one that the CPU executes under, and have stage 2 below EL1', () => {
    const values = {
      cpsr: 9n,
      sctlr_el1: 1n,
      tcr_el1: 0x8010_0010n,
      ttbr0_el1: 0n,
      ttbr1_el1: 0n,
      sctlr_el2: 1n,
      tcr_el2: 16n,
      ttbr0_el2: 0x5000_0000n,
    };
    const guests = { hcr_el2: 1n, vtcr_el2: 24n | (1n << 6n), vttbr_el2: (7n << 48n) | 0x6000_0000n };
    expect(modes(cpuWith({ ...values, ...guests }))).toEqual([
      'el2: arm64-one-4k-48 50000000',
      'el1: arm64-4k-48 0, arm64-4k-48-upper 0',
      'stage2: arm64-s2-4k-40-l1 60000000',
    ]);
    const [, below] = arm64.regimesOf(cpuWith({ ...values, ...guests }));
    expect(below?.below?.id).toBe('stage2');
    const host = { hcr_el2: (1n << 34n) | (1n << 27n) | 1n, tcr_el2: 0x8010_0010n, ttbr1_el2: 0x5100_0000n, cpsr: 0n };
    expect(modes(cpuWith({ ...values, ...guests, ...host }))).toEqual([
      'el2: arm64-4k-48 50000000, arm64-4k-48-upper 51000000',
      'el1: arm64-4k-48 0, arm64-4k-48-upper 0',
    ]);
  });
});

describe('modes', () => {
  const shape = (id: string) => pagingMode(id).levels.map(({ name, shift, bits }) => `${name} ${shift}+${bits}`);

  it('have the levels that granule and width ask for', () => {
    expect(shape('arm64-4k-48')).toEqual(['L0 39+9', 'L1 30+9', 'L2 21+9', 'L3 12+9']);
    expect(shape('arm64-4k-52')).toEqual(['L-1 48+4', 'L0 39+9', 'L1 30+9', 'L2 21+9', 'L3 12+9']);
    expect(shape('arm64-16k-48')).toEqual(['L0 47+1', 'L1 36+11', 'L2 25+11', 'L3 14+11']);
    expect(shape('arm64-64k-52-upper')).toEqual(['L1 42+10', 'L2 29+13', 'L3 16+13']);
    expect(shape('arm64-s2-4k-40-l1')).toEqual(['L1 30+10', 'L2 21+9', 'L3 12+9']);
  });

  it.each([
    'arm64-4k-53',
    'arm64-8k-48',
    'arm64-s2-4k-40',
    'arm64-4k-48-l1',
    'arm64-s2-4k-48-l2',
    'arm64-one-4k-48-upper',
    'arm64-4k-52-lpa2',
    'x86-32',
    '',
  ])('refuse %j', (id) => {
    expect(() => pagingMode(id)).toThrow(/no paging mode/);
  });
});

describe('walk, translator, mappings and page visitor agree on noise', () => {
  it.each([
    'arm64-4k-48',
    'arm64-16k-47-upper',
    'arm64-64k-52',
    'arm64-4k-52-upper',
    'arm64-16k-52',
    'arm64-one-4k-39',
    'arm64-s2-4k-40-l1',
    'arm64-64k-48-be',
  ])('in %s', (id) => {
    const mode = pagingMode(id);
    const size = 2 ** (mode.levels.at(-1)!.shift as number);
    const start = 0x100_0000;
    const count = 8;
    const random = randomSource(id.length * 7919);
    const buffer = new BufferMemory([{ start, bytes: new Uint8Array(count * size) }]);
    for (let at = start; at < start + count * size; at += 8) {
      const noise = (BigInt(random()) << 32n) | BigInt(random());
      const sort = random() % 8;
      const entry =
        sort < 3 ? BigInt(start + (random() % count) * size) | 3n : sort < 5 ? (noise & ~3n) | 3n : sort === 5 ? (noise & ~3n) | 1n : noise & ~1n;
      const bytes = new DataView(new ArrayBuffer(8));
      bytes.setBigUint64(0, entry);
      buffer.writeU64(at, mode.bigEndian === true ? bytes.getBigUint64(0, true) : entry);
    }
    const upper = typeof mode.upperBits === 'bigint' ? mode.upperBits : 0n;
    const space = new TranslationSpace(buffer, [{ mode, root: start, source: 'test', options: {}, first: 0n, last: (1n << 64n) - 1n }]);
    const ends = new Set<string>();
    for (let n = 0; n < 2000; n++) {
      const address = upper | BigInt.asUintN(mode.virtualBits, (BigInt(random()) << 32n) | BigInt(random()));
      const { result, steps } = space.walk(address);
      const mapped = space.translateAddress(address);
      ends.add(result.kind === 'page' ? 'page' : result.reason);
      if (result.kind !== 'page') {
        expect([mapped, FAULT_REASONS[space.found.fault], space.found.level]).toEqual([false, result.reason, steps.at(-1)?.level ?? 0]);
        continue;
      }
      const { physical, pageSize, rights } = space.found;
      expect([mapped, physical, pageSize, rightsOf(rights)]).toEqual([true, result.physical, result.pageSize, result.effective]);
    }
    expect([...ends].sort()).toEqual(['not-present', 'page', 'table-missing']);
    const listed: string[] = [];
    for (const row of mappings(buffer, mode, start)) {
      listed.push(`${row.start.toString(16)} ${row.physical} ${row.pageSize}`);
      if (listed.length === 500) break;
    }
    const visited: string[] = [];
    visitPages(
      buffer,
      mode,
      start,
      {},
      (page, physical, pageSize) => visited.push(`${BigInt.asUintN(64, BigInt(page) * 4096n).toString(16)} ${physical} ${pageSize}`) < 500,
    );
    expect(visited).toEqual(listed);
    expect(listed).toHaveLength(500);
  });
});
