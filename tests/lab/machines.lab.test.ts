/**
 * Machines of every kind, paused before their first instruction: QEMU itself says where RAM is (`info mtree -f`) and what is there (`pmemsave`), and puts
 * marks at both ends of memory (its `loader` device). A binary that is not installed skips its machines, by name.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { MemoryRegion } from '#shared/model/memory.ts';
import { asFlatRanges, ramOfFlatView, type FlatRange } from '../engine/machine/flat-view.ts';
import { labFolder, labWorkbench, readPhysical, type LabDump } from './lab-guest.ts';
import { QemuGuest } from './qemu-guest.ts';

const GiB = 2 ** 30;
const folder = labFolder();
const { open } = labWorkbench(folder);

interface Machine {
  name: string;
  binary?: string;
  args: string[];
  /** Addresses for marks. */
  marks: number[];
  /** What the overview says of the CPU family. */
  family: RegExp;
  /** Plugs memory in before the dump. */
  plug?: (guest: QemuGuest) => Promise<void>;
  /** libvirt's XML; the stream is then wrapped as `virsh save` does. */
  xml?: string;
  /** Diagnostics about the map. */
  codes?: string[];
  /** Strength of the evidence for most of memory. */
  strength?: string;
}

const ram = (id: string, size: string) => ['-object', `memory-backend-ram,id=${id},size=${size}`];
const X86 = /^x86-64/;

const MACHINES: Machine[] = [
  { name: 'pc of 3.5 GiB less a MiB', args: ['-M', 'pc', '-m', '3583M'], marks: [0x700000, 3583 * 2 ** 20 - 4096], family: X86, strength: 'proven' },
  {
    name: 'pc-i440fx-1.7 of 4 GiB',
    args: ['-M', 'pc-i440fx-1.7', '-m', '4G'],
    marks: [0xe000_0000 - 4096, 4 * GiB],
    family: X86,
    strength: 'proven',
  },
  {
    name: 'q35 with max-ram-below-4g=1G',
    args: ['-M', 'q35,max-ram-below-4g=1G', '-m', '2G'],
    marks: [GiB - 4096, 5 * GiB - 4096],
    family: X86,
    strength: 'proven',
  },
  {
    name: 'q35 with an AMD CPU and room above 1 TiB',
    args: ['-M', 'q35', '-m', '3G,maxmem=1100G,slots=1', '-cpu', 'EPYC,phys-bits=48'],
    marks: [2 * GiB - 4096, 2 ** 40 + GiB - 4096],
    family: X86,
    strength: 'proven',
  },
  {
    name: 'q35 with a backend of any name',
    args: ['-M', 'q35,memory-backend=foo', '-m', '3G', ...ram('foo', '3G')],
    marks: [4 * GiB],
    family: X86,
    strength: 'proven',
  },
  {
    name: 'q35 with nodes of odd names, a DIMM plugged in, and virtio-mem',
    args: [
      ...['-M', 'q35', '-m', '3G,maxmem=8G,slots=4', '-smp', '2', ...ram('zebra', '1G'), ...ram('apple', '2G'), ...ram('vmem', '512M')],
      ...['-numa', 'node,nodeid=0,memdev=zebra,cpus=0', '-numa', 'node,nodeid=1,memdev=apple,cpus=1'],
      ...['-device', 'virtio-mem-pci,id=vm0,memdev=vmem,node=0,requested-size=128M'],
    ],
    marks: [GiB - 4096, GiB, 4 * GiB],
    family: X86,
    plug: async (guest) => {
      await guest.qmp('object-add', { 'qom-type': 'memory-backend-ram', id: 'stick', size: 256 * 2 ** 20 });
      await guest.qmp('device_add', { driver: 'pc-dimm', id: 'd0', memdev: 'stick' });
    },
    codes: ['plugged-memory-guessed'],
    strength: 'proven',
  },
  {
    name: "pc with equal nodes and DIMMs anywhere, of which libvirt's XML tells",
    args: [
      ...['-M', 'pc', '-m', '2G,maxmem=16G,slots=4', '-smp', '2', ...ram('ram-node1', '1G'), ...ram('ram-node0', '1G'), ...ram('memdimm0', '512M')],
      ...[...ram('memdimm1', '512M'), '-numa', 'node,nodeid=0,memdev=ram-node0,cpus=0', '-numa', 'node,nodeid=1,memdev=ram-node1,cpus=1'],
      ...['-device', 'pc-dimm,memdev=memdimm0,addr=0x1c0000000', '-device', 'pc-dimm,memdev=memdimm1,addr=0x140000000'],
    ],
    marks: [GiB - 4096, GiB, 0x1c0000000, 0x140000000],
    family: X86,
    xml: `<domain type='qemu'><name>nodes</name><maxMemory slots='4' unit='GiB'>16</maxMemory><memory unit='GiB'>3</memory>
      <cpu><numa><cell id='0' cpus='0' memory='1' unit='GiB'/><cell id='1' cpus='1' memory='1048576'/></numa></cpu><devices>
      <memory model='dimm'><target><size unit='MiB'>512</size></target><alias name='dimm0'/><address type='dimm' base='0x1c0000000'/></memory>
      <memory model='dimm'><target><size unit='MiB'>512</size></target><alias name='dimm1'/><address type='dimm' base='0x140000000'/></memory>
      </devices></domain>`,
    strength: 'derived',
  },
  { name: 'microvm of 4 GiB', args: ['-M', 'microvm', '-m', '4G'], marks: [3 * GiB - 4096, 4 * GiB], family: X86, strength: 'proven' },
  { name: 'isapc', args: ['-M', 'isapc', '-m', '64'], marks: [0x3fff000], family: X86 },
  { name: 'none', binary: 'qemu-system-riscv64', args: ['-M', 'none', '-m', '64', '-cpu', 'rv64'], marks: [0x100000], family: /^RISC-V \(64/ },
  { name: 'pc, 32-bit', binary: 'qemu-system-i386', args: ['-M', 'pc', '-m', '1G'], marks: [GiB - 4096], family: /^i386/, strength: 'proven' },
  {
    name: 'virt of ARM, 64-bit',
    binary: 'qemu-system-aarch64',
    args: ['-M', 'virt', '-cpu', 'cortex-a57', '-m', '1G'],
    marks: [GiB + 2 ** 27, 2 * GiB - 4096],
    family: /^AArch64/,
  },
  {
    name: 'virt of ARM with nodes of odd names',
    binary: 'qemu-system-aarch64',
    args: [
      ...['-M', 'virt', '-cpu', 'cortex-a57', '-m', '768M', '-smp', '2', ...ram('zebra', '512M'), ...ram('apple', '256M')],
      ...['-numa', 'node,nodeid=0,memdev=apple,cpus=0', '-numa', 'node,nodeid=1,memdev=zebra,cpus=1'],
    ],
    marks: [GiB + 2 ** 27, GiB + 2 ** 28],
    family: /^AArch64/,
    // The order is proven by the ACPI table SRAT, the start of memory is the machine's rule.
    strength: 'derived',
  },
  { name: 'sbsa-ref', binary: 'qemu-system-aarch64', args: ['-M', 'sbsa-ref', '-m', '512M'], marks: [2 ** 40 + 2 ** 27], family: /^AArch64/ },
  {
    name: 'virt of ARM, 32-bit',
    binary: 'qemu-system-arm',
    args: ['-M', 'virt', '-m', '512M'],
    marks: [1.5 * GiB - 4096],
    family: /^ARM \(32-bit\)/,
  },
  { name: 'virt of RISC-V', binary: 'qemu-system-riscv64', args: ['-M', 'virt', '-m', '1G'], marks: [0x9000_0000], family: /^RISC-V \(64/ },
  {
    name: 'virt of RISC-V, 32-bit',
    binary: 'qemu-system-riscv32',
    args: ['-M', 'virt', '-m', '256M', '-bios', 'none'],
    marks: [0x8800_0000],
    family: /^RISC-V \(32/,
  },
  { name: 'spike', binary: 'qemu-system-riscv64', args: ['-M', 'spike', '-m', '256M'], marks: [0x8800_0000], family: /^RISC-V \(64/ },
  { name: 's390-ccw-virtio', binary: 'qemu-system-s390x', args: ['-M', 's390-ccw-virtio', '-m', '1G'], marks: [GiB - 4096], family: /^s390x/ },
  { name: 'pseries', binary: 'qemu-system-ppc64', args: ['-M', 'pseries', '-m', '1G'], marks: [GiB - 4096], family: /^POWER/ },
  {
    name: 'pseries with a DIMM',
    binary: 'qemu-system-ppc64',
    args: ['-M', 'pseries', '-m', '768M,maxmem=4G,slots=2', ...ram('stick', '256M'), '-device', 'pc-dimm,memdev=stick'],
    marks: [2 ** 29],
    family: /^POWER/,
    codes: ['plugged-memory-guessed'],
  },
  { name: 'powernv', binary: 'qemu-system-ppc64', args: ['-M', 'powernv9', '-m', '1G'], marks: [GiB - 4096], family: /^POWER/ },
];

/** A stream as `virsh save` wraps it (libvirt src/qemu/qemu_saveimage.h). */
function saveImage(xml: string, stream: Buffer): Buffer {
  const data = Buffer.from(`${xml}\0`);
  const header = Buffer.alloc(92);
  header.write('LibvirtQemudSave');
  [2, data.length, 0, 0, 0].forEach((value, index) => header.writeUInt32LE(value, 16 + 4 * index));
  return Buffer.concat([header, data, stream]);
}

const isInstalled = (binary: string) => spawnSync(binary, ['--version']).status === 0;
const markAt = (address: number) => `mark at ${address.toString(16)}`.padEnd(64, '.');
const MAP_CODES = /main|plugged|amd|loongarch|unknown-machine/;

for (const machine of MACHINES) {
  const { name, binary = 'qemu-system-x86_64', args, marks, family, plug, xml, codes = [], strength } = machine;
  describe.skipIf(!isInstalled(binary))(`${name} (${binary})`, () => {
    const here = path.join(folder, name.replace(/\W+/g, '-'));
    let truth: FlatRange[] = [];
    let pieces: { address: number; bytes: Buffer }[] = [];
    let dump: LabDump;
    let regions: MemoryRegion[] = [];

    beforeAll(async () => {
      mkdirSync(here);
      const loaders = marks.flatMap((address) => {
        const file = path.join(here, `mark-${address.toString(16)}`);
        writeFileSync(file, markAt(address));
        return ['-device', `loader,file=${file},addr=${address},force-raw=on`];
      });
      const guest = await QemuGuest.start({ folder: here, binary, args: [...args, ...loaders], timeoutSeconds: 30 });
      try {
        await plug?.(guest);
        truth = ramOfFlatView(await guest.hmp('info mtree -f'));
        // Both ends of every range, in QEMU's own copy.
        for (const { start, last } of truth) {
          const length = Math.min(16384, last - start + 1);
          for (const address of [start, last + 1 - length]) {
            const file = path.join(here, 'piece');
            await guest.qmp('pmemsave', { val: address, size: length, filename: file });
            pieces = [...pieces, { address, bytes: readFileSync(file) }];
          }
        }
        await guest.migrate('stream.qevm');
        await guest.quit();
      } catch (error) {
        guest.kill();
        throw error;
      }
      const stream = path.join(here, 'stream.qevm');
      if (xml !== undefined) writeFileSync(stream, saveImage(xml, readFileSync(stream)));
      dump = await open(stream);
      ({ regions } = await dump.workbench.getMemoryMap({ dumpId: dump.dumpId }));
    }, 60_000);

    it('has RAM and ROM where `info mtree -f` has them', () => {
      // A block of a device carries the device's path, a memory region does not.
      const ours = regions.map((region) => ({ ...region, block: region.block?.replace(/^[^]*\//, '') ?? '' }));
      expect(asFlatRanges(ours)).toEqual(truth);
    });

    it('holds at both ends of every range what `pmemsave` gives, and the marks', async () => {
      expect(pieces.length).toBeGreaterThan(0);
      for (const { address, bytes } of pieces) {
        const owner = regions.find(({ start, last }) => address >= start && address <= last)!;
        // Unplugged parts of virtio-mem are not migrated: QEMU reads zeros there, the dump says absent.
        if (owner.block?.endsWith('/vmem')) continue;
        expect(Buffer.compare(await readPhysical(dump, address, bytes.length), bytes), `0x${address.toString(16)}`).toBe(0);
      }
      for (const address of marks) expect(Buffer.from(await readPhysical(dump, address, 64)).toString('latin1')).toBe(markAt(address));
    });

    it('names the CPU family, and says what of the map is a guess', async () => {
      const summary = (await dump.workbench.listDumps()).find(({ dumpId }) => dumpId === dump.dumpId)!;
      expect(summary.architecture).toMatch(family);
      expect(summary.diagnostics.map(({ code }) => code).filter((code) => MAP_CODES.test(code))).toEqual(codes);
      const largest = regions.reduce((best, region) => (region.last - region.start > best.last - best.start ? region : best));
      if (strength !== undefined) expect(largest.evidence.strength).toBe(strength);
      for (const { evidence } of regions) expect(evidence.text.length).toBeGreaterThan(20);
    });
  });
}
