/**
 * Memory of several blocks: NUMA nodes, DIMMs, backends of any name. What tells their order and their places, from the surest to a guess that is
 * called one. The lab test machines.lab.test.ts has QEMU itself as the judge.
 */
import { describe, expect, it } from 'vitest';
import { cmosOf, mapOf, readerOf, tablesOf } from './evidence.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const machine = 'pc-q35-8.2';

describe('order of main blocks', () => {
  const blocks: [string, number, number?][] = [
    ['zebra', 2 * GiB],
    ['apple', GiB],
  ];
  const order = (map: ReturnType<typeof mapOf>) => map.ranges.map(([name]) => name).filter((name, index, all) => all.indexOf(name) === index);

  it('is proven by the sizes of nodes in the ACPI table SRAT', () => {
    const tables = tablesOf([
      [0, 0, 0xa0000],
      [0, MiB, GiB - MiB],
      [1, GiB, GiB],
      [1, 4 * GiB, GiB],
    ]);
    const map = mapOf({
      machine,
      blocks: [...blocks, ['/rom@etc/acpi/tables', 4096]],
      memory: { '/rom@etc/acpi/tables': readerOf(tables) },
      payloads: { mc146818rtc: cmosOf(2 * GiB, GiB) },
    });
    expect(map.ranges).toEqual([
      ['apple', 0, GiB, 0],
      ['zebra', GiB, 2 * GiB, 0],
      ['zebra', 4 * GiB, 5 * GiB, GiB],
    ]);
    expect([map.codes, map.regions[0]!.evidence.strength]).toEqual([[], 'proven']);
  });

  it('is proven by offsets that x-ignore-shared saves', () => {
    const map = mapOf({
      machine: 'pc-q35-8.2',
      blocks: [
        ['zebra', 2 * GiB, GiB],
        ['apple', GiB, 0],
      ],
      payloads: { mc146818rtc: cmosOf(2 * GiB, GiB) },
    });
    expect([order(map), map.codes, map.regions[0]!.evidence.strength]).toEqual([['apple', 'zebra'], [], 'proven']);
  });

  it("is derived from the cells of libvirt's XML", () => {
    const xml = `<domain><cpu><numa><cell id='0' memory='1' unit='GiB'/><cell id='1' memory='2' unit='GiB'/></numa></cpu></domain>`;
    const map = mapOf({
      machine,
      xml,
      blocks: [
        ['ram-node1', 2 * GiB],
        ['ram-node0', GiB],
      ],
    });
    expect([order(map), map.codes, map.regions[0]!.evidence.strength]).toEqual([['ram-node0', 'ram-node1'], [], 'derived']);
  });

  it("is else a guess in the stream's order, which names the alternative", () => {
    const map = mapOf({ machine, blocks, payloads: { mc146818rtc: cmosOf(2 * GiB, GiB) } });
    expect([order(map), map.codes]).toEqual([['zebra', 'apple'], ['several-main-blocks']]);
    expect(map.regions[0]!.evidence).toMatchObject({
      strength: 'guessed',
      text: expect.stringContaining('apple (1 GiB), zebra (2 GiB) would be possible') as string,
    });
  });
});

describe('what is main memory and what was plugged in', () => {
  const sticks: [string, number][] = [
    ['foo', 4 * GiB],
    ['bar', 2 * GiB],
    ['baz', GiB],
  ];

  it('CMOS RAM says how much is main memory; the rest is laid out as a guess behind it', () => {
    const map = mapOf({ machine, blocks: sticks, payloads: { mc146818rtc: cmosOf(2 * GiB, 0) } });
    expect(map.ranges).toEqual([
      ['bar', 0, 2 * GiB, 0],
      ['foo', 4 * GiB, 8 * GiB, 0],
      ['baz', 8 * GiB, 9 * GiB, 0],
    ]);
    expect(map.codes).toEqual(['plugged-memory-guessed']);
    expect(map.regions.map(({ evidence }) => evidence.strength)).toEqual(['proven', 'guessed', 'guessed']);
    expect(map.roles.get(0)).toBe('plugged-in memory');
  });

  it('says so when two choices have that much', () => {
    const twins: [string, number][] = [
      ['one', GiB],
      ['other', GiB],
    ];
    const map = mapOf({ machine, blocks: twins, payloads: { mc146818rtc: cmosOf(GiB, 0) } });
    expect(map.codes).toEqual(['main-memory-guessed', 'plugged-memory-guessed']);
  });

  it("a machine's own block is main memory, the others are not", () => {
    const map = mapOf({ machine, blocks: [['pc.ram', GiB], ...sticks] });
    expect(map.ranges[0]).toEqual(['pc.ram', 0, GiB, 0]);
    expect(map.ranges.slice(1).map(([, start]) => start)).toEqual([4 * GiB, 8 * GiB, 10 * GiB]);
  });

  it("libvirt's XML puts every device in its place, also under canonical names", () => {
    const xml = `<domain><devices>
      <memory model='dimm'><target><size unit='GiB'>1</size></target><alias name='dimm0'/><address type='dimm' slot='0' base='0x140000000'/></memory>
      <memory model='virtio-mem'><target><size unit='GiB'>2</size><address base='0x200000000'/></target><alias name='virtiomem0'/></memory>
    </devices></domain>`;
    const map = mapOf({
      machine,
      xml,
      devices: ['0000:00:03.0/virtio-mem'],
      blocks: [
        ['0000:00:03.0/memvirtiomem0', 2 * GiB],
        ['/objects/memdimm0', GiB],
        ['/objects/ram-node0', GiB],
      ],
    });
    expect(map.ranges).toEqual([
      ['/objects/ram-node0', 0, GiB, 0],
      ['/objects/memdimm0', 0x140000000, 0x180000000, 0],
      ['0000:00:03.0/memvirtiomem0', 0x200000000, 0x280000000, 0],
    ]);
    expect(map.codes).toEqual([]);
    expect(map.regions[1]!.evidence).toMatchObject({ strength: 'proven', text: expect.stringContaining('dimm0') as string });
  });

  it('an address over main memory is not believed', () => {
    const xml = `<domain><devices><memory model='dimm'><alias name='dimm0'/><address type='dimm' base='0x10000000'/></memory></devices></domain>`;
    const blocks: [string, number][] = [
      ['pc.ram', GiB],
      ['memdimm0', GiB],
    ];
    const map = mapOf({ machine, xml, blocks });
    expect([map.ranges[1], map.codes]).toEqual([['memdimm0', 4 * GiB, 5 * GiB, 0], ['plugged-memory-guessed']]);
  });

  it('virtio-mem is where its own state says', () => {
    const state = new Uint8Array(1000);
    const view = new DataView(state.buffer);
    // A length that looks like the block's, but with no address before it, is passed over.
    view.setBigUint64(100, BigInt(GiB));
    [0x1_8000_0000n, BigInt(GiB), 0x200000n].forEach((value, index) => view.setBigUint64(501 + 8 * index, value));
    const map = mapOf({
      machine,
      payloads: { '0000:00:01.0/virtio-mem': state },
      blocks: [
        ['pc.ram', GiB],
        ['0000:00:01.0/vmem', GiB],
      ],
    });
    expect(map.ranges[1]).toEqual(['0000:00:01.0/vmem', 0x180000000, 0x1c0000000, 0]);
    expect([map.codes, map.regions[1]!.evidence.strength]).toEqual([[], 'proven']);
  });

  it('x-ignore-shared tells the offset in the area for it', () => {
    const map = mapOf({
      machine,
      blocks: [
        ['pc.ram', GiB, 0],
        ['stick', GiB, 3 * GiB],
      ],
    });
    expect([map.ranges[1], map.codes]).toEqual([['stick', 7 * GiB, 8 * GiB, 0], []]);
  });

  it('thousands of devices, and of places for them, take no time', () => {
    const many: [string, number][] = Array.from({ length: 4000 }, (_, index) => [`memdimm${index}`, 2 ** 21 + 4096]);
    const devices = many.map(
      (_, index) => `<memory><alias name='dimm${index}'/><address type='dimm' base='${index % 2 ? 0 : 2 ** 40 + index * 2 ** 30}'/></memory>`,
    );
    const began = process.cpuUsage();
    const map = mapOf({ machine, blocks: [['pc.ram', GiB], ...many], xml: `<domain><devices>${devices.join('')}</devices></domain>` });
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1e6).toBeLessThan(3);
    expect(map.ranges.length).toBeGreaterThan(2000);
  });

  it('memory that no machine could have is refused a place, and thousands of blocks take no time', () => {
    const many: [string, number][] = Array.from({ length: 4000 }, (_, index) => [`block${index}`, 2 ** 51]);
    const began = process.cpuUsage();
    const map = mapOf({ machine, blocks: many, payloads: { mc146818rtc: cmosOf(2 * GiB, 0) } });
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1e6).toBeLessThan(3);
    for (const { last } of map.regions) expect(last).toBeLessThan(2 ** 52);
    expect(map.diagnostics[0]!.message.length).toBeLessThan(1000);
    expect(map.codes).toContain('main-memory-size');
  });
});
