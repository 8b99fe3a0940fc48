/** 32-bit ARM: registers of sections and notes, short and long descriptors of real guests, and what registers make of regimes. */
import { describe, expect, it } from 'vitest';
import { arm } from '#engine/arch/arm/index.ts';
import { coprocessorRegisterName } from '#engine/arch/arm/cp15-registers.ts';
import { pagingMode } from '#engine/arch/arm/paging-modes.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { translationTables } from '#engine/session/translation-root.ts';
import { mappings } from '#engine/translate/mappings.ts';
import { visitPages } from '#engine/translate/page-visitor.ts';
import { rightsOf } from '#engine/translate/paging-mode.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { FAULT_REASONS } from '#engine/translate/translator.ts';
import { BufferMemory } from '../../translate/buffer-memory.ts';
import { randomSource } from '../../translate/fuzzed-tables.ts';
import { parseArmRegisters } from '../arm64/arm-answers.ts';
import { ArmFixture } from '../arm64/arm-fixture.ts';

const context = { elfMachine: 40, littleEndian: true };

describe.each(['arm', 'arm-lpae'] as const)('a CPU of guest %s', (name) => {
  const guest = new ArmFixture(name);
  const cpu = guest.cpuOfStream(arm);
  const { memory } = guest;

  it('has the values of info registers, from its section and from its notes', () => {
    const theirs = parseArmRegisters(guest.stored.registers);
    expect(Object.keys(theirs)).toHaveLength(50);
    for (const { registers } of [cpu, arm.cpuFromNotes(guest.notes, 0, context)])
      expect(Object.fromEntries(Object.keys(theirs).map((register) => [register, registers[register]?.value]))).toEqual(theirs);
  });

  it('gives QEMU’s notes back', () => {
    for (const state of [cpu, arm.cpuFromNotes(guest.notes, 0, context)]) expect(arm.encodeNotes(state, true)).toEqual(guest.notes);
    expect(arm.missingNoteRegisters(cpu)).toEqual([]);
    const big = arm.encodeNotes(cpu, false);
    expect(arm.cpuFromNotes(big, 0, { ...context, littleEndian: false }).registers.pc?.value).toBe(cpu.registers.pc!.value);
    for (const note of guest.notes)
      expect(() => arm.cpuFromNotes([{ ...note, description: note.description.subarray(1) }], 0, context)).toThrow(/descsz/);
  });

  it('says what it was doing', () => {
    const view = arm.describeCpu({ ...cpu, halted: true });
    expect(view.mode).toBe('32-bit kernel, Supervisor mode, MMU on, halted');
    const [table] = view.paging.tables;
    expect(table).toMatchObject({ register: 'TTBR0', mode: name === 'arm' ? 'arm-short' : 'arm-lpae-32' });
  });

  it('leads where the process says, and where the kernel is', () => {
    const space = new TranslationSpace(memory, translationTables(arm, [cpu], { kind: 'root', root: guest.stored.root, mode: guest.stored.mode }));
    for (const { kind, address, physical } of guest.stored.marks) {
      const mapped = space.translateAddress(BigInt(`0x${address}`));
      expect([kind, address, mapped ? space.found.physical : undefined]).toEqual([kind, address, physical]);
    }
    const text = BigInt(`0x${guest.stored.text.address}`);
    const kernel = new TranslationSpace(memory, translationTables(arm, [cpu], { kind: 'cpu', cpu: 0 }));
    // RAM is mapped in one piece from 0xc0000000 on.
    expect(kernel.walk(text).result).toMatchObject({
      physical: Number(text - 0xc000_0000n) + Number.parseInt(guest.stored.ram, 16),
      effective: { user: false, executable: true },
    });
  });
});

describe('names of coprocessor registers', () => {
  it.each([
    [0x4020_0000_200f_0800n, 'sctlr'],
    [0x4020_0000_000f_6801n, 'contextidr_s'],
    [0x4030_0000_200f_0107n & ~7n, 'ttbr0_64'],
    [0x4020_0000_200e_0084n, 'dbgbvr1'],
    [0x4020_0000_200f_7fffn, 'p15_c15_15_c15_7'],
    [0x6030_0000_0013_c101n, undefined],
  ])('%i', (id, name) => {
    expect(coprocessorRegisterName(id)).toBe(name);
  });
});

function cpuWith(values: Record<string, bigint>): CpuState {
  const registers = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, width: 32, source: 'test' }]));
  return { index: 0, registers, segments: {} };
}

describe('regimes', () => {
  const tables = (values: Record<string, bigint>) =>
    arm
      .regimesOf(cpuWith({ cpsr: 0x13n, sctlr: 1n, ttbr0: 0x4000_406an, ttbr1: 0x4100_406an, ...values }))[0]
      .tables.map(({ register, mode, root, first, last }) => `${register} ${mode} ${root?.toString(16)} ${first.toString(16)}-${last.toString(16)}`);

  it('follow TTBCR.N and the disable bits of short descriptors', () => {
    expect(tables({ ttbcr: 0n })).toEqual(['TTBR0 arm-short 40004000 0-ffffffff']);
    expect(tables({ ttbcr: 2n, sctlr: 1n | (1n << 29n) })).toEqual([
      'TTBR0 arm-short-n2-afe 40004000 0-3fffffff',
      'TTBR1 arm-short-afe 41004000 40000000-ffffffff',
    ]);
    expect(tables({ ttbcr: 0x11n, sctlr: 1n | (1n << 25n) })).toEqual(['TTBR1 arm-short-be 41004000 80000000-ffffffff']);
    expect(tables({ sctlr: 0n })).toEqual(['TTBR0 off undefined 0-ffffffff']);
  });

  it('follow T0SZ and T1SZ of long descriptors', () => {
    const long = 1n << 31n;
    expect(tables({ ttbcr: long })).toEqual(['TTBR0 arm-lpae-32 40004060 0-ffffffff']);
    expect(tables({ ttbcr: long | (2n << 16n), ttbr1: 0x4100_5000n })).toEqual([
      'TTBR0 arm-lpae-32 40004060 0-bfffffff',
      'TTBR1 arm-lpae-30-upper 41005000 c0000000-ffffffff',
    ]);
    expect(tables({ ttbcr: long | 1n })).toEqual(['TTBR0 arm-lpae-31 40004060 0-7fffffff', 'TTBR1 arm-lpae-32 41004060 80000000-ffffffff']);
  });

  it('have Hyp mode and stage 2', () => {
    const state = cpuWith({
      cpsr: 0x1an,
      sctlr: 1n,
      ttbr0: 0n,
      ttbcr: 0n,
      hsctlr: 1n,
      htcr: 0n,
      httbr: 0x5000_0000n,
      hcr: 1n,
      vtcr: 0x58n,
      vttbr: 0x6000_0000n,
    });
    expect(arm.regimesOf(state).map(({ id, below, tables: [table] }) => [id, table?.mode, below?.id])).toEqual([
      ['hyp', 'arm-hyp-32', undefined],
      ['pl1', 'arm-short', 'stage2'],
      ['stage2', 'arm-s2-40-l1', undefined],
    ]);
  });
});

describe('short descriptors', () => {
  /** A first-level table at 0x10000 whose entry 0 is `first`, and a second-level one at 0x20000 whose entry 0 is `second`. */
  function walkOf(first: number, second = 0, address = 0n, mode = 'arm-short') {
    const memory = new BufferMemory([
      { start: 0x10000, bytes: new Uint8Array(16384) },
      { start: 0x20000, bytes: new Uint8Array(4096) },
    ]);
    memory.writeU64(0x10000, BigInt(first >>> 0));
    memory.writeU64(0x20000, BigInt(second >>> 0) | (BigInt(second >>> 0) << 32n));
    return new TranslationSpace(memory, translationTables(arm, [], { kind: 'root', root: 0x10000, mode })).walk(address).result;
  }

  it('map sections, supersections, large and small pages', () => {
    expect(walkOf(0x123_00c02, 0, 0xabcden)).toMatchObject({ physical: 0x123a_bcde, pageSize: 2 ** 20 });
    // Bits 36 to 39 of the address are 5, bits 32 to 35 are 7.
    expect(walkOf((0x4074_0cc2 & ~0x1e0) | (5 << 5), 0, 0xabcden)).toMatchObject({ physical: 0x57_400a_bcde, pageSize: 2 ** 24 });
    expect(walkOf(0x20001, 0x7654_0031, 0x1abcn)).toMatchObject({ physical: 0x7654_1abc, pageSize: 2 ** 16 });
    expect(walkOf(0x20001, 0x7654_3032, 0xabcn)).toMatchObject({ physical: 0x7654_3abc, pageSize: 4096 });
    expect(walkOf(0)).toMatchObject({ kind: 'fault', reason: 'not-present' });
  });

  it.each([
    [0x000, false, false],
    [0x010, true, false],
    [0x020, true, true],
    [0x030, true, true],
    [0x210, false, false],
    [0x230, false, true],
  ])('have the rights of AP = %i', (bits, writable, user) => {
    expect(walkOf(0x20001, 0x7654_3002 | bits)).toMatchObject({ effective: { writable, user, executable: true } });
    expect(walkOf(0x20001, 0x7654_3003 | bits)).toMatchObject({ effective: { writable, user, executable: false } });
  });

  it('take AP[0] for the access flag with SCTLR.AFE', () => {
    expect(walkOf(0x20001, 0x7654_3022, 0n, 'arm-short-afe')).toMatchObject({ effective: { writable: true, user: true } });
    expect(walkOf(0x20001, 0x7654_3002, 0n, 'arm-short-afe')).toMatchObject({ effective: { writable: true, user: false } });
  });
});

describe('walk, translator, mappings and page visitor agree on noise', () => {
  it.each(['arm-short', 'arm-short-n3', 'arm-short-be', 'arm-lpae-32', 'arm-lpae-30-upper', 'arm-s2-40-l1'])('in %s', (id) => {
    const mode = pagingMode(id);
    const start = 0x100_0000;
    const length = 8 * 16_384;
    const random = randomSource(id.length * 104_729);
    const buffer = new BufferMemory([{ start, bytes: new Uint8Array(length) }]);
    const swap = (value: bigint, bytes: number) =>
      BigInt(
        `0x${Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex')
          .reverse()
          .toString('hex')}`,
      );
    for (let at = start; at < start + length; at += 8) {
      const table = BigInt(start + (random() % (length / 4096)) * 4096);
      const noise = (BigInt(random()) << 32n) | BigInt(random());
      const short = (entry: number) => (random() % 4 === 0 ? Number(table) | 1 : entry);
      const pair = [short(random()), short(random())].map((entry) => (mode.bigEndian === true ? swap(BigInt(entry >>> 0), 4) : BigInt(entry >>> 0)));
      buffer.writeU64(at, mode.entrySize === 4 ? pair[0]! | (pair[1]! << 32n) : random() % 2 === 0 ? table | 3n : noise);
    }
    const upper = typeof mode.upperBits === 'bigint' ? mode.upperBits : 0n;
    const space = new TranslationSpace(buffer, [{ mode, root: start, source: 'test', options: {}, first: 0n, last: (1n << 64n) - 1n }]);
    let pages = 0;
    for (let n = 0; n < 2000; n++) {
      const address = upper | BigInt.asUintN(mode.virtualBits, (BigInt(random()) << 32n) | BigInt(random()));
      const { result } = space.walk(address);
      const mapped = space.translateAddress(address);
      if (result.kind !== 'page') {
        expect([mapped, FAULT_REASONS[space.found.fault]]).toEqual([false, result.reason]);
        continue;
      }
      pages++;
      expect([mapped, space.found.physical, space.found.pageSize, rightsOf(space.found.rights)]).toEqual([
        true,
        result.physical,
        result.pageSize,
        result.effective,
      ]);
    }
    expect(pages).toBeGreaterThan(100);
    const listed: string[] = [];
    for (const row of mappings(buffer, mode, start)) {
      listed.push(`${row.start.toString(16)} ${row.physical} ${row.last - row.start + 1n}`);
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
  });
});
