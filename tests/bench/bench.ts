/**
 * The project's figures, as ratios in one run on one machine with a warm cache; best of several:
 *
 * - `info` on a stream of 500 MB against reading the file, and against crash opening the same guest's ELF
 * - export to ELF against cp of a file of the result's size
 * - page walks a second, on one thread, over a real guest's tables in its dump
 * - resident memory of an open dump above an empty workbench, for two sizes
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { ARCHITECTURES } from '#engine/arch/index.ts';
import { openDump } from '#engine/formats/registry.ts';
import { FileSource } from '#engine/io/file-source.ts';
import { ExtentTable } from '#engine/memory/extent-table.ts';
import { GuestMemory } from '#engine/memory/guest-memory.ts';
import { PhysicalRegions } from '#engine/memory/physical-regions.ts';
import { mappings } from '#engine/translate/mappings.ts';
import { Translator } from '#engine/translate/translator.ts';
import { largeDumps, type LargeDump } from './large-dumps.ts';
import { best, ms, print, ratio, seconds } from './timing.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const lab = path.resolve(process.env.VMCORE_LAB ?? path.join(repository, 'lab-out'));
const cli = path.join(repository, 'bin/vmcore-workbench.mjs');
const silent = { report: () => undefined };
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

function benchInfo({ stream, elf }: LargeDump): void {
  console.log(`\ninfo, on a stream of ${mib(statSync(stream).size)}`);
  const info = () => seconds(process.execPath, [cli, 'info', stream]);
  info(); // builds what is not built, and warms the cache
  const ours = best(5, info);
  const empty = best(5, () => seconds(process.execPath, [cli, '--help']));
  const reading = best(5, () => seconds('cat', [stream]));
  print('vmcore-workbench info', ms(ours), `of which ${ms(empty)} start the program`);
  print('cat FILE > /dev/null', ms(reading), `info takes ${ratio(ours, reading)} as long`);
  const vmlinux = process.env.VMCORE_VMLINUX ?? findVmlinux();
  if (!vmlinux || spawnSync('crash', ['--version']).error) {
    print('crash', 'not tried', 'it needs the package crash and `../shared/lab/lab vmlinux`');
    return;
  }
  const crash = best(2, () => seconds('crash', ['-s', '--no_scroll', elf!, vmlinux], 'quit\n'));
  print('crash, opening the ELF of the same guest', ms(crash), `info takes ${ratio(ours, crash)} as long`);
}

function findVmlinux(): string | undefined {
  const found = spawnSync(path.resolve(repository, '../shared/lab/lab'), ['vmlinux'], { encoding: 'utf8' });
  const file = found.stdout?.split('\n')[0]?.trim();
  return found.status === 0 && file && existsSync(file) ? file : undefined;
}

function benchExport({ stream }: LargeDump): void {
  const target = path.join(lab, 'bench-export.elf');
  const copy = path.join(lab, 'bench-copy.elf');
  const gone = () => [target, copy].forEach((file) => rmSync(file, { force: true }));
  const exporting = () => seconds(process.execPath, [cli, 'export', stream, target]);
  let inEngine = Infinity;
  const ours = best(4, exporting, gone);
  for (let run = 0; run < 3; run++) {
    gone();
    const report = JSON.parse(execFileSync(process.execPath, [cli, 'export', stream, target, '--json'], { encoding: 'utf8' })) as { seconds: number };
    inEngine = Math.min(inEngine, report.seconds);
  }
  const { size, blocks } = statSync(target);
  console.log(`\nexport to ELF: ${mib(size)} long, ${mib(blocks * 512)} on the disk; both programs read from a warm cache`);
  execFileSync('cat', [target], { stdio: ['ignore', 'ignore', 'ignore'] });
  const withoutCopy = () => rmSync(copy, { force: true });
  const copied = (sparse: string) => best(4, () => seconds('cp', [`--sparse=${sparse}`, '--reflink=never', target, copy]), withoutCopy);
  const synced = best(4, () => seconds('sh', ['-c', 'cp --sparse=auto --reflink=never "$0" "$1" && sync "$1"', target, copy]), withoutCopy);
  print('vmcore-workbench export', ms(ours), 'index, write and fsync');
  print('  of which planning, writing and fsync', ms(inEngine));
  for (const sparse of ['auto', 'never', 'always']) {
    const theirs = copied(sparse);
    print(`cp --sparse=${sparse} (no fsync)`, ms(theirs), `export has ${((theirs / inEngine) * 100).toFixed(0)} % of its speed`);
  }
  print(
    'cp --sparse=auto and sync of the file',
    ms(synced),
    `export has ${((synced / inEngine) * 100).toFixed(0)} % of its speed, ${((synced / ours) * 100).toFixed(0)} % with start and index`,
  );
  gone();
}

function benchWalks({ stream }: LargeDump): void {
  const source = FileSource.open(stream, { mapping: true });
  const dump = openDump(source, silent);
  const memory = new GuestMemory(source, new ExtentTable(dump.extents), new PhysicalRegions(dump.regions));
  const architecture = ARCHITECTURES.find(({ id }) => id === dump.architecture)!;
  const cpu = dump.cpus[0]!;
  const { mode: id, root } = architecture.pagingOf(cpu);
  const mode = architecture.pagingMode(id);
  const options = architecture.pagingOptionsOf(cpu);
  const starts: bigint[] = [];
  for (const { start } of mappings(memory, mode, root, options)) starts.push(start);
  const count = 2_000_000;
  let state = 1;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  const addresses = BigUint64Array.from({ length: count }, () => BigInt.asUintN(64, starts[next() % starts.length]!) + BigInt(next() % 4096));
  const physicals = new Float64Array(count);
  const translator = new Translator(memory, mode, root, options);
  let mapped = 0;
  const taken = best(4, () => {
    const began = performance.now();
    mapped = translator.translateMany(addresses, physicals);
    return (performance.now() - began) / 1000;
  });
  console.log(`\npage walks on one thread, ${id}, random order over ${starts.length} mapped pages`);
  print('walks a second', `${(count / taken / 1e6).toFixed(2)} million`, `${mapped} of ${count} mapped; the aim is 1 million`);
  source.close();
}

function benchResident(dumps: LargeDump[]): void {
  console.log('\nresident memory above an empty workbench; the aim is less than 200 MiB');
  for (const { stream } of dumps) {
    const said = execFileSync(process.execPath, ['--expose-gc', path.join(import.meta.dirname, 'resident.ts'), stream], { encoding: 'utf8' });
    const { before, after, peak } = JSON.parse(said) as Record<'before' | 'after' | 'peak', number>;
    print(`stream of ${mib(statSync(stream).size)}`, mib(after - before), `at most ${mib(peak - before)} while opening; empty: ${mib(before)}`);
  }
}

const dumps = await largeDumps(lab);
benchInfo(dumps[0]);
benchExport(dumps[0]);
benchWalks(dumps[0]);
benchResident(dumps);
