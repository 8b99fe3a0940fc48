/**
 * `npm run bench`: how fast it is beside other programs, in one run with warm caches. Ratios, not seconds, are what to compare between machines.
 * Needs the lab's x86_64 and x86_64-4level guests (VMCORE_LAB, default lab-out) and QEMU; crash is timed when it and a debug vmlinux are there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { pagingOf } from '#engine/arch/regime.ts';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import { wholeFile } from '#engine/formats/format.ts';
import { openDump } from '#engine/formats/registry.ts';
import { FileSource } from '#engine/io/file-source.ts';
import { ExtentTable } from '#engine/memory/extent-table.ts';
import { GuestMemory } from '#engine/memory/guest-memory.ts';
import { PhysicalRegions } from '#engine/memory/physical-regions.ts';
import { formatSize } from '#shared/address-text.ts';
import { measureWalks } from '../engine/translate/translator-speed.ts';
import { benchGuest } from './bench-guest.ts';
import { measureGuestTranslation } from './guest-translation.ts';
import { benchElf, benchKdump, benchPaging, type ExportBench } from './export-rows.ts';
import { best } from './stopwatch.ts';

const REPEAT = 5;
const lab = path.resolve(process.env.VMCORE_LAB ?? 'lab-out');
const cli = path.resolve('out/main/cli.js');
const node = process.execPath;

const percent = (part: number, whole: number) => `${((part / whole) * 100).toFixed(0)} %`;
const seconds = (value: number) => `${value.toFixed(3)} s`;
const row = (what: string, figure: string, note = '') => console.log(`${what.padEnd(46)} ${figure.padStart(12)}   ${note}`);

function vmlinux(): string | undefined {
  if (process.env.VMCORE_VMLINUX) return process.env.VMCORE_VMLINUX;
  const script = path.resolve('../shared/lab/lab');
  if (!existsSync(script)) return undefined;
  const found = spawnSync(script, ['vmlinux'], { encoding: 'utf8' }).stdout?.split('\n')[0];
  return found !== undefined && existsSync(found) ? found : undefined;
}

function benchInfo(stream: string, elf: string): void {
  const cat = best(REPEAT, 'sh', ['-c', `cat '${stream}' > /dev/null`]);
  const info = best(REPEAT, node, [cli, 'info', stream]);
  const start = best(REPEAT, node, [cli, '--version']);
  row(`info, stream of ${formatSize(statSync(stream).size)}`, seconds(info.seconds), `of which ${seconds(start.seconds)} start the program`);
  row('cat of the stream to nowhere', seconds(cat.seconds), `info takes ${(info.seconds / cat.seconds).toFixed(1)} times as long`);
  const symbols = vmlinux();
  if (symbols === undefined || !existsSync('/usr/bin/crash')) {
    row('crash', '-', 'not timed: no crash, or no debug vmlinux');
    return;
  }
  const crash = best(2, 'crash', ['-s', symbols, elf], { input: 'quit\n' });
  row("crash opening the same guest's ELF", seconds(crash.seconds), `info takes ${((info.seconds / crash.seconds) * 100).toFixed(1)} % of that`);
}

function benchWalks(file: string): void {
  const source = FileSource.open(file, { mapping: true });
  const dump = openDump(source, wholeFile(source, { report: () => undefined }));
  const memory = new GuestMemory(source, new ExtentTable(dump.extents), new PhysicalRegions(dump.regions));
  const cpu = dump.cpus[0];
  if (!cpu) throw new Error(`${file} holds no CPU`);
  const { mode, root } = pagingOf(x86_64, cpu);
  const { walksPerSecond, levels } = measureWalks(memory, x86_64.pagingMode(mode), root ?? 0);
  row(`page walks a second, ${levels} levels, one thread`, `${(walksPerSecond / 1e6).toFixed(1)} M`, path.basename(path.dirname(file)));
  source.close();
}

/** Making the index of a warm stream, beside reading the file through in the same process. */
function benchIndexing(file: string): void {
  const source = FileSource.open(file, { mapping: true });
  const buffer = new Uint8Array(4 * 1024 * 1024);
  const fastest = (work: () => void) =>
    Math.min(
      ...Array.from({ length: REPEAT }, () => {
        const began = performance.now();
        work();
        return (performance.now() - began) / 1000;
      }),
    );
  const read = fastest(() => {
    for (let at = 0; at < source.size; at += buffer.length) source.readStreaming(at, buffer);
  });
  const index = fastest(() => openDump(source, wholeFile(source, { report: () => undefined })));
  row(`indexing a stream of ${formatSize(source.size)}`, seconds(index), `at ${percent(read, index)} of the speed of reading it in 4 MiB pieces`);
  source.close();
}

function benchMemory(files: string[]): void {
  const measure = (...args: string[]) => {
    const { stdout, stderr } = spawnSync(node, ['--expose-gc', path.join(import.meta.dirname, 'resident.ts'), ...args], { encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as { now: number; peak: number };
  };
  const empty = measure();
  row('resident memory, empty workbench', `${empty.now.toFixed(0)} MiB`);
  for (const file of files) {
    const { now, peak } = measure(file);
    const what = `… with a stream of ${formatSize(statSync(file).size)}`;
    row(what, `+${(now - empty.now).toFixed(0)} MiB`, `at its highest while opening +${(peak - empty.now).toFixed(0)} MiB`);
  }
}

/** From the start of the program to the list of a host's virtual machines. Needs the lab's kvm-host. */
function benchMachines(): void {
  const start = best(REPEAT, node, [cli, '--version']);
  for (const name of ['paging-off.elf', 'kdump-zlib.vmcore', 'stream.qevm']) {
    const file = path.join(lab, 'kvm-host', name);
    const figure = existsSync(file) ? seconds(best(REPEAT, node, [cli, 'vms', file]).seconds) : '-';
    row('virtual machines of a host listed', figure, `${name}; ${seconds(start.seconds)} of it start the program`);
  }
}

/** Needs the lab's kvm-host. */
async function benchGuestTranslation(): Promise<void> {
  for (const name of ['paging-off.elf', 'kdump-zlib.vmcore']) {
    const file = path.join(lab, 'kvm-host', name);
    const figure = existsSync(file) ? `${(await measureGuestTranslation(file)).toFixed(1)} µs` : '-';
    row('address of a guest, GVA to HPA, out of its host', figure, `${name}, warm`);
  }
}

const guest = await benchGuest(lab, 'bench', 544);
const large = await benchGuest(lab, 'bench-large', 1800);
const programs = await benchGuest(lab, 'bench-programs', 256, 'programs');
const folder = mkdtempSync(path.join(lab, 'bench-results-'));
const exports: ExportBench = { folder, row, cli: (...args) => [node, [cli, ...args]] };
try {
  benchInfo(guest.stream, guest.elf);
  for (const { stream } of [guest, large]) benchElf(exports, stream);
  benchPaging(exports, path.join(lab, 'x86_64', 'stream.qevm'));
  benchKdump(exports, programs.stream);
  for (const name of ['x86_64-4level', 'x86_64']) benchWalks(path.join(lab, name, 'stream.qevm'));
  benchMachines();
  await benchGuestTranslation();
  for (const { stream } of [guest, large]) benchIndexing(stream);
  benchMemory([path.join(lab, 'x86_64', 'stream.qevm'), guest.stream, large.stream]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
