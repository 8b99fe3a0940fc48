/**
 * Cores of QEMU processes: what comes out of the guest inside equals what that QEMU itself dumped of the same moment, byte for byte, registers included. Cores by gdb's gcore, and by
 * the kernel (where this machine lets the kernel's core_pattern be set); cores of other targets where their QEMUs are installed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Workbench } from '#workbench/workbench.ts';
import { parseInfoRegisters } from '../engine/arch/qemu-answers.ts';
import { labFile, labFolder, labWorkbench } from './lab-guest.ts';
import { QemuGuest } from './qemu-guest.ts';

const folder = labFolder();
const { open } = labWorkbench(folder);
const installed = (binary: string) => spawnSync(binary, ['--version']).status === 0;

interface Machine {
  name: string;
  binary: string;
  args: string[];
  ready?: string;
  /** Registers are worked out in full: the notes are QEMU's, too. */
  whole: boolean;
}

const MACHINES: Machine[] = [
  {
    name: 'pc',
    binary: 'qemu-system-x86_64',
    args: ['-cpu', 'max', '-m', '8', '-smp', '2', '-kernel', labFile('tiny', 'tiny.elf')],
    ready: 'TINY-READY',
    whole: true,
  },
  { name: 'q35', binary: 'qemu-system-x86_64', args: ['-M', 'q35', '-m', '64', '-device', 'VGA', '-device', 'vmcoreinfo'], whole: true },
  { name: 'i386', binary: 'qemu-system-i386', args: ['-m', '64', '-smp', '2'], whole: true },
  { name: 'riscv64', binary: 'qemu-system-riscv64', args: ['-M', 'virt', '-m', '64', '-smp', '2'], whole: true },
  { name: 's390x', binary: 'qemu-system-s390x', args: ['-m', '64', '-smp', '2'], whole: true },
  { name: 'arm64', binary: 'qemu-system-aarch64', args: ['-M', 'virt', '-cpu', 'cortex-a57', '-m', '64'], whole: true },
  {
    name: 'ppc64',
    binary: 'qemu-system-ppc64',
    args: ['-M', 'pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off', '-m', '256'],
    whole: false,
  },
];

function pidOf(guest: QemuGuest): number {
  return Number(/^\d+$/m.exec(execFileSync('pgrep', ['-f', path.basename(guest.folder)], { encoding: 'utf8' }))?.[0]);
}

async function exported(workbench: Workbench, dumpId: string, target: string): Promise<Buffer> {
  await workbench.exportDump({ dumpId, options: { format: 'elf', layout: 'qemu' }, target, jobId: `export-${path.basename(target)}` });
  const bytes = readFileSync(target);
  rmSync(target);
  return bytes;
}

/** What PT_LOAD segments of an ELF64 file of either byte order hold: physical address → bytes. */
function memoryOf(elf: Buffer): Map<bigint, Buffer> {
  const little = elf[5] === 1;
  const view = new DataView(elf.buffer, elf.byteOffset, elf.length);
  const headers = Number(view.getBigUint64(32, little));
  const count = view.getUint16(56, little);
  const loads = Array.from({ length: count }, (_, index) => headers + index * 56).filter((at) => view.getUint32(at, little) === 1);
  return new Map(
    loads.map((at) => {
      const offset = Number(view.getBigUint64(at + 8, little));
      return [view.getBigUint64(at + 24, little), elf.subarray(offset, offset + Number(view.getBigUint64(at + 32, little)))];
    }),
  );
}

describe.each(MACHINES.filter(({ binary }) => installed(binary)))('the core of a QEMU process: $name', ({ name, binary, args, ready, whole }) => {
  const place = path.join(folder, `core-of-${name}`);
  let core: string;
  let answers: string[];
  beforeAll(async () => {
    mkdirSync(place, { recursive: true });
    const guest = await QemuGuest.start({ folder: place, binary, args: [...args, '-name', path.basename(place)], ready, timeoutSeconds: 60 });
    try {
      await guest.dump('paging-off.elf');
      answers = [await guest.hmp('info registers', 0)];
      execFileSync('gcore', ['-o', path.join(place, 'core'), String(pidOf(guest))], { stdio: 'ignore' });
      core = path.join(
        place,
        readdirSync(place).find((file) => file.startsWith('core.'))!,
      );
    } finally {
      await guest.quit();
    }
  }, 120_000);
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it("exports the memory of QEMU's own dump, and its notes where all registers are known", async () => {
    const { workbench, dumpId } = await open(core);
    expect(await workbench.describeDump({ dumpId })).toMatchObject({ format: 'qemu-core', hasHostAddresses: true });
    const ours = await exported(workbench, dumpId, path.join(place, 'ours.elf'));
    const theirs = readFileSync(path.join(place, 'paging-off.elf'));
    if (whole) expect(ours.equals(theirs)).toBe(true);
    const [memory, wanted] = [memoryOf(ours), memoryOf(theirs)];
    expect([...memory.keys()]).toEqual([...wanted.keys()]);
    for (const [address, bytes] of wanted) expect(memory.get(address)!.equals(bytes), `0x${address.toString(16)}`).toBe(true);
  });

  it.runIf(name === 'pc')('has the registers of info registers', async () => {
    const { workbench, dumpId } = await open(core);
    const [cpu] = await workbench.getCpus({ dumpId });
    const held = new Map(cpu!.registers.map((register) => [register.name, register.value]));
    for (const [register, value] of parseInfoRegisters(answers[0]!).registers) expect([register, held.get(register)]).toEqual([register, value]);
  });

  it.runIf(name === 'pc')('compressed as systemd-coredump leaves it opens as the same guest', async () => {
    for (const [tool, ending] of [
      ['zstd', 'zst'],
      ['lz4', 'lz4'],
    ] as const) {
      if (!installed(tool)) continue;
      execFileSync(tool, ['-q', '-1', core, `${core}.${ending}`]);
      const { workbench, dumpId } = await open(`${core}.${ending}`);
      expect(await workbench.describeDump({ dumpId })).toMatchObject({ format: 'qemu-core', cpus: [{ index: 0 }, { index: 1 }] });
      rmSync(`${core}.${ending}`);
    }
  });
});

const PATTERN = '/proc/sys/kernel/core_pattern';

/** Not without root, nor in a container whose /proc is read-only. */
function mayNameCores(): boolean {
  try {
    accessSync(PATTERN, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!mayNameCores())('a core that the kernel wrote', () => {
  it.each([
    ['holds the guest', [] as string[], 'present'],
    ['of a QEMU with dump-guest-core=off says that it lacks the memory', ['-M', 'pc,dump-guest-core=off'], 'excluded'],
  ])(
    '%s',
    async (_, extra, state) => {
      const place = path.join(folder, `kernel-${state}`);
      mkdirSync(place);
      const before = readFileSync(PATTERN, 'utf8');
      writeFileSync(PATTERN, `${place}/core.%p`);
      try {
        const args = [...extra, '-cpu', 'max', '-m', '8', '-kernel', labFile('tiny', 'tiny.elf'), '-name', path.basename(place)];
        const guest = await QemuGuest.start({ folder: place, args, ready: 'TINY-READY', timeoutSeconds: 60 });
        const pid = pidOf(guest);
        execFileSync('prlimit', ['--core=unlimited', '--pid', String(pid)]);
        process.kill(pid, 'SIGABRT');
        while (existsSync(`/proc/${pid}/exe`)) await new Promise((resolve) => setTimeout(resolve, 100));
        guest.kill();
        const { workbench, dumpId } = await open(path.join(place, `core.${pid}`));
        const summary = await workbench.describeDump({ dumpId });
        expect(summary).toMatchObject({ format: 'qemu-core', machine: expect.stringMatching(/^pc-i440fx/) as string });
        const { blocks } = await workbench.getMemoryMap({ dumpId });
        expect(Object.keys(blocks.find(({ name }) => name === 'pc.ram')!.states)).toEqual([state]);
        expect(summary.cpus[0]!.instructionPointer).toBeGreaterThan(0xffff_ffff_8000_0000n);
      } finally {
        writeFileSync(PATTERN, before);
      }
    },
    120_000,
  );
});
