/**
 * Facts: QEMU hw/i386/pc_piix.c pc_init1 (lowmem 0xe0000000; 0xc0000000 when memory does not fit and the machine aligns to gigabytes, since 2.0),
 * hw/i386/pc_q35.c pc_q35_init (0xb0000000, or 0x80000000 from 0xb0000000 on), hw/pci-host/pam.c, hw/i386/pc_sysfw.c; v5.2 to v10.0.
 */
import { describe, expect, it } from 'vitest';
import { openFixture } from '../formats/open-bytes.ts';
import { readOracle, tinyVariants } from '../../fixtures/fixture.ts';
import { cmosOf, mapOf, readerOf, tablesOf } from './evidence.ts';
import { asFlatRanges, ramOfFlatView } from './flat-view.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const PAGE = 4096;

describe('where QEMU itself says that RAM is (info mtree -f)', () => {
  it.each(['tiny', 'linux', ...tinyVariants().map((variant) => `tiny-variants/${variant}`)])('%s', (folder) => {
    const { dump } = openFixture(`${folder}/stream.qevm`);
    const regions = dump.regions.map((region) => ({ ...region, block: dump.blocks[region.block]!.name }));
    // QEMU names a memory region behind a backend by the backend, as the stream names its block.
    expect(asFlatRanges(regions)).toEqual(ramOfFlatView(readOracle(folder)['mtree -f']));
  });
});

describe('memory below and above 4 GiB', () => {
  it.each([
    ['pc-i440fx-7.2', 2 * GiB, 2 * GiB],
    ['pc-i440fx-7.2', 3 * GiB, 3 * GiB],
    ['pc-i440fx-7.2', 3.5 * GiB - PAGE, 3.5 * GiB - PAGE],
    ['pc-i440fx-7.2', 3.5 * GiB, 3 * GiB],
    ['pc-i440fx-7.2', 4 * GiB, 3 * GiB],
    ['pc-i440fx-7.2', 8 * GiB, 3 * GiB],
    ['pc-i440fx-1.7', 3.5 * GiB - PAGE, 3.5 * GiB - PAGE],
    ['pc-i440fx-1.7', 4 * GiB, 3.5 * GiB],
    ['pc-1.0', 4 * GiB, 3.5 * GiB],
    ['pc-q35-7.2', 2 * GiB, 2 * GiB],
    ['pc-q35-7.2', 2.75 * GiB - PAGE, 2.75 * GiB - PAGE],
    ['pc-q35-7.2', 2.75 * GiB, 2 * GiB],
    ['pc-q35-7.2', 3 * GiB, 2 * GiB],
    ['pc-q35-7.2', 4 * GiB, 2 * GiB],
    ['pc-q35-10.0', 8 * GiB, 2 * GiB],
  ])('%s with %d bytes keeps %d below', (machine, size, low) => {
    const above = size > low ? [['pc.ram', 4 * GiB, 4 * GiB + size - low, low]] : [];
    expect(mapOf({ machine, blocks: [['pc.ram', size]] }).ranges).toEqual([['pc.ram', 0, low, 0], ...above]);
  });

  it('a q35 without a configuration section is known by its host bridge', () => {
    const { ranges, title } = mapOf({ blocks: [['mem0', 3 * GiB]], devices: ['0000:00:00.0/mch'] });
    expect([title, ranges[0]]).toEqual(['q35', ['mem0', 0, 2 * GiB, 0]]);
  });

  it.each([
    ['rhel6.5.0', 4 * GiB, 3.5 * GiB],
    ['pc-q35-1.7', 4 * GiB, 2.75 * GiB],
    ['pc-i440fx-rhel7.6.0', 4 * GiB, 3 * GiB],
    ['pc-q35-rhel9.2.0', 4 * GiB, 2 * GiB],
  ])('%s with %d bytes keeps %d below', (machine, size, low) => {
    expect(mapOf({ machine, blocks: [['pc.ram', size]] }).ranges).toEqual([
      ['pc.ram', 0, low, 0],
      ['pc.ram', 4 * GiB, 4 * GiB + size - low, low],
    ]);
  });

  it.each([
    ['max-ram-below-4g=1G', 'pc-q35-7.2', 2 * GiB, GiB],
    ['max-ram-below-4g=3G on q35', 'pc-q35-7.2', 5 * GiB, 3 * GiB],
    ['a downstream machine type that keeps 3.5 GiB', 'pc-i440fx-rhel7.0.0', 6 * GiB, 3.5 * GiB],
    ['the rule itself', 'pc-q35-7.2', 5 * GiB, 2 * GiB],
  ])('CMOS RAM proves the split: %s', (_what, machine, size, low) => {
    const { ranges, regions } = mapOf({ machine, blocks: [['pc.ram', size]], payloads: { mc146818rtc: cmosOf(low, size - low) } });
    expect(ranges).toEqual([
      ['pc.ram', 0, low, 0],
      ['pc.ram', 4 * GiB, 4 * GiB + size - low, low],
    ]);
    expect(regions[0]!.evidence).toMatchObject({ strength: 'proven', text: expect.stringContaining('mc146818rtc') as string });
  });

  it('CMOS RAM of another size is not believed', () => {
    const { ranges, regions } = mapOf({ machine: 'pc', blocks: [['pc.ram', GiB]], payloads: { mc146818rtc: cmosOf(GiB / 2, 0) } });
    expect([ranges, regions[0]!.evidence.strength]).toEqual([[['pc.ram', 0, GiB, 0]], 'derived']);
  });

  it('a stream of QEMU 0.12 has ROMs behind main memory in its one block, and sections without a path', () => {
    const blocks: [string, number][] = [['RAM (flat)', 256 * MiB + 9 * MiB]];
    const { ranges, title } = mapOf({ blocks, devices: ['I440FX'], payloads: { mc146818rtc: cmosOf(256 * MiB, 0) } });
    expect([title, ranges]).toEqual(['pc (i440fx)', [['RAM (flat)', 0, 256 * MiB, 0]]]);
  });
});

describe('memory above 4 GiB of AMD guests', () => {
  const ONE_TIB = 2 ** 40;
  const q35 = (size: number, more: Partial<Parameters<typeof mapOf>[0]> = {}) =>
    mapOf({ machine: 'pc-q35-7.2', blocks: [['pc.ram', size]], ...more });
  const xml = (cpu: string, maxMemory = '') =>
    `<domain><memory unit='GiB'>8</memory>${maxMemory}<cpu mode='custom'><model>${cpu}</model><vendor>${cpu.startsWith('EPYC') ? 'AMD' : 'Intel'}</vendor></cpu></domain>`;
  const highAt = (map: ReturnType<typeof mapOf>) => map.ranges.find(([, start]) => Number(start) >= 4 * GiB)?.[1];

  it('is warned of when it would reach the HyperTransport range and nothing tells the CPU', () => {
    // 32 GiB of PCI hole are reckoned with.
    expect(q35(979 * GiB).codes).toEqual(['amd-relocation']);
    expect(q35(978 * GiB).codes).toEqual([]);
    expect(mapOf({ machine: 'pc-q35-7.0', blocks: [['pc.ram', 1020 * GiB]] }).codes).toEqual([]);
  });

  it.each([
    ['EPYC-Rome', "<maxMemory slots='4' unit='GiB'>1100</maxMemory>", ONE_TIB],
    ['Skylake-Server', "<maxMemory slots='4' unit='GiB'>1100</maxMemory>", 4 * GiB],
    ['EPYC-Rome', "<maxMemory slots='4' unit='GiB'>100</maxMemory>", 4 * GiB],
    ['EPYC-Rome', '', 4 * GiB],
  ])("%s, %s by libvirt's XML: %d", (cpu, maxMemory, start) => {
    const map = q35(8 * GiB, { xml: xml(cpu, maxMemory) });
    expect([highAt(map), map.codes]).toEqual([start, []]);
    expect(map.regions[0]!.evidence.strength).toBe('derived');
  });

  it('is where the ACPI table SRAT has it', () => {
    const tables = tablesOf([
      [0, 0, 0xa0000],
      [0, MiB, 2 * GiB - MiB],
      [0, ONE_TIB, 6 * GiB],
      [0, ONE_TIB + 6 * GiB, 2 ** 38, true],
    ]);
    const map = mapOf({
      machine: 'pc-q35-7.2',
      blocks: [
        ['pc.ram', 8 * GiB],
        ['/rom@etc/acpi/tables', tables.length],
        ['stick', GiB],
      ],
      memory: { '/rom@etc/acpi/tables': readerOf(tables) },
      payloads: { mc146818rtc: cmosOf(2 * GiB, 6 * GiB) },
    });
    expect(map.ranges).toEqual([
      ['pc.ram', 0, 2 * GiB, 0],
      ['pc.ram', ONE_TIB, ONE_TIB + 6 * GiB, 2 * GiB],
      ['stick', ONE_TIB + 6 * GiB, ONE_TIB + 7 * GiB, 0],
    ]);
    expect(map.regions.map(({ evidence }) => evidence.strength)).toEqual(['proven', 'proven', 'guessed']);
  });

  /** A guest whose top table, in low memory, leads to one table at `address`. */
  const pointingTo = (address: bigint) => {
    const table = new Uint8Array(4096);
    new DataView(table.buffer).setBigUint64(8 * 300, address | 0x63n, true);
    const register = (value: bigint) => ({ size: 8, values: [value] });
    return {
      fields: {
        'cpu env.cr[0]': register(0x80050033n),
        'cpu env.cr[3]': register(0x5000n | 0xfffn),
        'cpu env.cr[4]': register(0x6b0n),
        'cpu env.efer': register(0xd01n),
      },
      memory: { 'pc.ram': (offset: number, length: number) => (offset === 0x5000 && length === 4096 ? table : undefined) },
    };
  };

  it("is at 1 TiB when the guest's page tables lead to a table there, whatever its size", () => {
    const map = q35(8 * GiB, pointingTo(2n ** 40n + 0x12345000n));
    expect([highAt(map), map.regions[0]!.evidence.text]).toEqual([ONE_TIB, expect.stringContaining('lead to a table at 0x10012345000')]);
  });

  it("is at 4 GiB when the guest's page tables lead to a table there, and then nobody is warned", () => {
    const map = q35(1020 * GiB, pointingTo(2n ** 32n + 0x12345000n));
    expect([highAt(map), map.codes]).toEqual([4 * GiB, []]);
  });
});

describe('shadow RAM, as the PAM registers say', () => {
  const BIOS: [string, number] = ['pc.bios', 256 * 1024];
  const ROM: [string, number] = ['pc.rom', 128 * 1024];
  const RAM: [string, number] = ['pc.ram', 128 * MiB];
  const bridge = (first: number, registers: number[]) => {
    const config = new Uint8Array(256);
    config.set([0x86, 0x80], 0);
    config.set(registers, first);
    return config;
  };

  it.each([
    ['pc-i440fx-7.2', '0000:00:00.0/I440FX', 0x59],
    ['pc-q35-7.2', '0000:00:00.0/mch', 0x90],
  ])('%s: all off shows option ROMs at 0xc0000 and the end of the firmware at 0xe0000', (machine, section, first) => {
    const { ranges } = mapOf({ machine, blocks: [RAM, BIOS, ROM], pci: { [section]: bridge(first, [0, 0, 0, 0, 0, 0, 0]) } });
    expect(ranges).toEqual([
      ['pc.ram', 0, 0xc0000, 0],
      ['pc.rom', 0xc0000, 0xe0000, 0],
      ['pc.bios', 0xe0000, 0x100000, 0x20000],
      ['pc.ram', 0x100000, 128 * MiB, 0x100000],
      ['pc.bios', 0xfffc0000, 4 * GiB, 0],
    ]);
  });

  it('read-enabled pieces are RAM, whether they can be written or not', () => {
    // BIOS area and the piece at 0xc4000 read from RAM; 0x1 is read only, 0x3 read and write.
    const { ranges } = mapOf({ machine: 'pc', blocks: [RAM, BIOS, ROM], pci: { '0000:00:00.0/I440FX': bridge(0x59, [0x10, 0x30, 0, 0, 0, 0, 0]) } });
    expect(ranges.slice(0, 5)).toEqual([
      ['pc.ram', 0, 0xc0000, 0],
      ['pc.rom', 0xc0000, 0xc4000, 0],
      ['pc.ram', 0xc4000, 0xc8000, 0xc4000],
      ['pc.rom', 0xc8000, 0xe0000, 0x8000],
      ['pc.bios', 0xe0000, 0xf0000, 0x20000],
    ]);
  });

  it('everything read-enabled leaves one piece of RAM from 0 on', () => {
    const { ranges } = mapOf({
      machine: 'pc',
      blocks: [RAM, BIOS],
      pci: { '0000:00:00.0/I440FX': bridge(0x59, [0x30, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33]) },
    });
    expect(ranges).toEqual([
      ['pc.ram', 0, 128 * MiB, 0],
      ['pc.bios', 0xfffc0000, 4 * GiB, 0],
    ]);
  });
});

describe('other blocks', () => {
  it('two flash chips end at 4 GiB, the first on top', () => {
    const { ranges } = mapOf({
      machine: 'pc-q35-7.2',
      blocks: [
        ['system.flash0', 3653632],
        ['system.flash1', 540672],
        ['pc.ram', GiB],
      ],
    });
    expect(ranges.slice(1)).toEqual([
      ['system.flash1', 4 * GiB - 3653632 - 540672, 4 * GiB - 3653632, 0],
      ['system.flash0', 4 * GiB - 3653632, 4 * GiB, 0],
    ]);
  });

  it('NUMA nodes lie one after the other by number, across 4 GiB, and their order is marked as a guess', () => {
    const nodes: [string, number][] = [10, 2, 1, 0].map((node) => [`ram-node${node}`, GiB]);
    const map = mapOf({ machine: 'pc-q35-7.2', blocks: nodes });
    expect(map.ranges).toEqual([
      ['ram-node0', 0, GiB, 0],
      ['ram-node1', GiB, 2 * GiB, 0],
      ['ram-node2', 4 * GiB, 5 * GiB, 0],
      ['ram-node10', 5 * GiB, 6 * GiB, 0],
    ]);
    expect(map.regions[0]!.evidence.strength).toBe('guessed');
    expect(map.codes).toEqual(['several-main-blocks']);
    expect(map.diagnostics[0]!.consequence).toContain(
      'ram-node10 (1 GiB), ram-node2 (1 GiB), ram-node1 (1 GiB), ram-node0 (1 GiB) would be possible as well',
    );
  });

  it('a node that the 4 GiB gap cuts goes on above with the right offset', () => {
    const { ranges } = mapOf({
      machine: 'pc-q35-7.2',
      blocks: [
        ['ram-node0', 3 * GiB],
        ['ram-node1', GiB],
      ],
    });
    expect(ranges).toEqual([
      ['ram-node0', 0, 2 * GiB, 0],
      ['ram-node0', 4 * GiB, 5 * GiB, 2 * GiB],
      ['ram-node1', 5 * GiB, 6 * GiB, 0],
    ]);
  });

  it('video memory shows where the first BAR says, and hides RAM at 0xa0000', () => {
    const vga = new Uint8Array(256);
    const view = new DataView(vga.buffer);
    view.setUint32(0, 0x11111234, true);
    view.setUint16(4, 2, true);
    view.setUint32(0x10, 0xfd000008, true);
    const { ranges } = mapOf({
      machine: 'pc',
      blocks: [
        ['pc.ram', GiB],
        ['0000:00:02.0/vga.vram', 16 * MiB],
      ],
      pci: { '0000:00:02.0/vga': vga },
    });
    expect(ranges).toEqual([
      ['pc.ram', 0, 0xa0000, 0],
      ['pc.ram', 0xc0000, GiB, 0xc0000],
      ['0000:00:02.0/vga.vram', 0xfd000000, 0xfe000000, 0],
    ]);
  });

  const CARDS: { section: string; id: number; bars: Record<number, number>; blocks: [name: string, start: number][] }[] = [
    {
      section: 'qxl',
      id: 0x0100_1b36,
      bars: { 0: 0xf4000000, 1: 0xf8000000, 2: 0xfc010000 },
      blocks: [
        ['vga.vram', 0xf4000000],
        ['qxl.vram', 0xf8000000],
        ['qxl.vrom', 0xfc010000],
      ],
    },
    {
      section: 'vmware_vga',
      id: 0x0405_15ad,
      bars: { 0: 0xc001, 1: 0xfc000008, 2: 0xfe000008 },
      blocks: [
        ['vga.vram', 0xfc000000],
        ['vmsvga.fifo', 0xfe000000],
      ],
    },
    { section: 'virtio-gpu', id: 0x1050_1af4, bars: { 0: 0xf8000008 }, blocks: [['vga.vram', 0xf8000000]] },
    { section: 'bochs-display', id: 0x1111_1234, bars: { 0: 0xf8000008 }, blocks: [['bochs-display-vram', 0xf8000000]] },
  ];
  it('video memory without a PCI address, as machine types up to 2.2 name it, is that of the only card', () => {
    const config = new Uint8Array(256);
    const view = new DataView(config.buffer);
    view.setUint32(0, 0x00b8_1013, true);
    view.setUint16(4, 2, true);
    view.setUint32(0x10, 0xfc000008, true);
    const map = (pci: Record<string, Uint8Array>) =>
      mapOf({
        machine: 'pc-i440fx-2.2',
        blocks: [
          ['pc.ram', GiB],
          ['vga.vram', 4 * MiB],
        ],
        pci,
      }).ranges.filter(([name]) => name === 'vga.vram');
    expect(map({ '0000:00:02.0/cirrus_vga': config })).toEqual([['vga.vram', 0xfc000000, 0xfc400000, 0]]);
    // Of two cards nothing says whose it is.
    expect(map({ '0000:00:02.0/cirrus_vga': config, '0000:00:03.0/cirrus_vga': config })).toEqual([]);
  });

  it.each(CARDS)('memory of $section shows where its BARs say, as in the mtree of QEMU 7.2', ({ section, id, bars, blocks }) => {
    const config = new Uint8Array(256);
    const view = new DataView(config.buffer);
    view.setUint32(0, id, true);
    view.setUint16(4, 3, true);
    for (const [bar, value] of Object.entries(bars)) view.setUint32(0x10 + 4 * Number(bar), value, true);
    const named = blocks.map(([name]): [string, number] => [name === 'vmsvga.fifo' ? name : `0000:00:02.0/${name}`, 8192]);
    const { ranges } = mapOf({ machine: 'pc', blocks: [['pc.ram', GiB], ...named], pci: { [`0000:00:02.0/${section}`]: config } });
    const shown = ranges.filter(([name]) => name !== 'pc.ram').map(([name, start]) => [String(name).replace(/^.*\//, ''), start]);
    expect(shown).toEqual(blocks);
  });
});
