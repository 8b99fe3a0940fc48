/** How fast exports are beside cp, QEMU and makedumpfile: every round runs each of them once, the best of each counts. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { formatSize } from '#shared/address-text.ts';
import { bestInTurn, type Run } from './stopwatch.ts';

export interface ExportBench {
  /** A folder for results, on the disk of the lab. */
  folder: string;
  /** Runs the built command line with these arguments. */
  cli(...args: string[]): [command: string, args: string[]];
  row(what: string, figure: string, note?: string): void;
}

/** Another makedumpfile than the system's: Debian 12's knows no zstd, 1.7.6 of Debian 13 runs there as it is. */
const MAKEDUMPFILE = process.env.MAKEDUMPFILE ?? 'makedumpfile';
const CORES = Math.min(8, os.availableParallelism());
const seconds = (run: Run) => `${run.seconds.toFixed(2)} s`;
const resident = (run: Run) => `resident ${run.residentMiB.toFixed(0)} MiB`;
const times = (one: Run, other: Run) => `${(one.seconds / other.seconds).toFixed(2)} times as fast`;

/** ELF from a warm stream, with and without verification, beside cp of the result: as the export ends with fsync, so must the copy. */
export function benchElf({ folder, cli, row }: ExportBench, stream: string): void {
  const [plain, verified, copy] = ['plain.elf', 'verified.elf', 'copy.elf'].map((name) => path.join(folder, name)) as [string, string, string];
  const runs = bestInTurn(5, {
    plain: { command: cli('export', stream, plain, '--no-verify', '--json'), removes: plain, keeps: true },
    verified: { command: cli('export', stream, verified, '--verify', '--json'), removes: verified },
    copy: { command: ['sh', ['-c', `cp '${plain}' '${copy}'`]], removes: copy },
    synced: { command: ['sh', ['-c', `cp '${plain}' '${copy}' && sync '${copy}'`]], removes: copy },
    solid: { command: ['sh', ['-c', `cp --sparse=never '${plain}' '${copy}' && sync '${copy}'`]], removes: copy },
    version: { command: cli('--version') },
    info: { command: cli('info', stream) },
  });
  const writing = (run: Run) => (JSON.parse(run.stdout) as { seconds: number }).seconds;
  const size = formatSize(statSync(plain).size);
  const beside = (run: Run) => `${((runs.synced.seconds / run.seconds) * 100).toFixed(0)} % of the speed of cp and sync, ${resident(run)}`;
  row(`export to ELF, ${size}, not verified`, seconds(runs.plain), beside(runs.plain));
  row('… verified, as it is by default', seconds(runs.verified), beside(runs.verified));
  const share = ((runs.synced.seconds / writing(runs.plain)) * 100).toFixed(0);
  row('… planning, writing and syncing alone', `${writing(runs.plain).toFixed(2)} s`, `${share} % of the speed of cp and sync`);
  row('… starting, and reading the stream through', seconds(runs.info), `the program itself ${seconds(runs.version)}`);
  row('cp and sync of the result', seconds(runs.synced), `without its holes ${seconds(runs.solid)}, without sync ${seconds(runs.copy)}`);
  rmSync(plain);
}

/** Segments from page tables. QEMU 7.2 takes 6.5 s for the lab's 5-level guest. */
export function benchPaging({ folder, cli, row }: ExportBench, stream: string): void {
  const target = path.join(folder, 'paging.elf');
  const { run, verified } = bestInTurn(5, {
    run: { command: cli('export', stream, target, '--paging', '--no-verify', '--json'), removes: target },
    verified: { command: cli('export', stream, target, '--paging', '--json'), removes: target },
  });
  const { seconds: writing } = JSON.parse(run.stdout) as { seconds: number };
  row('export with --paging, 5 levels', seconds(run), `planning and writing ${writing.toFixed(2)} s, ${resident(run)}; QEMU takes 6.5 s`);
  row('… verified', seconds(verified), resident(verified));
}

/** kdump-compressed from an ELF file of `stream`'s guest beside makedumpfile, which neither verifies nor syncs: neither do we verify, and it gets a sync. */
export function benchKdump({ folder, cli, row }: ExportBench, stream: string): void {
  const [elf, ours, theirs] = ['guest.elf', 'ours.vmcore', 'theirs.vmcore'].map((name) => path.join(folder, name)) as [string, string, string];
  const made = spawnSync(...cli('export', stream, elf, '--no-verify'), { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  const kdump = (compression: string) => ({
    command: cli('export', elf, ours, '--format', 'kdump', '--compression', compression, '--no-verify'),
    removes: ours,
  });
  const tool = (form: string, threads: number) => {
    const many = threads > 1 ? `--num-threads ${threads}` : '';
    return {
      command: ['sh', ['-c', `${MAKEDUMPFILE} ${form} -d 0 ${many} '${elf}' '${theirs}' && sync '${theirs}'`]] as [string, string[]],
      removes: theirs,
    };
  };
  const size = formatSize(statSync(elf).size);
  const knows = spawnSync(MAKEDUMPFILE, ['-v'], { encoding: 'utf8' }).stdout;
  if (knows) {
    const forms = [
      ['zlib', '-c'],
      ['lzo', '-l'],
      ['zstd', '-z'],
    ] as const;
    for (const [compression, form] of forms.filter(([name]) => name !== 'zstd' || /^zstd\s+enabled/m.test(knows))) {
      const { own, all, one } = bestInTurn(3, { own: kdump(compression), all: tool(form, CORES), one: tool(form, 1) });
      row(
        `kdump ${compression} from ELF of ${size}`,
        seconds(own),
        `${times(all, own)} as makedumpfile ${form} with ${CORES} threads, ${resident(own)}`,
      );
      row(`makedumpfile ${form}, ${CORES} threads`, seconds(all), `one thread ${seconds(one)}: ${times(one, own)}`);
    }
  } else row('makedumpfile', '-', 'not timed: it is not there');
  if (/^zstd\s+enabled/m.test(knows)) {
    rmSync(elf);
    return;
  }
  const { own } = bestInTurn(3, { own: kdump('zstd') });
  const pages = zstdOfPages(elf, path.join(folder, 'sample'));
  const beside =
    pages === undefined
      ? 'zstd is not there'
      : `zstd -1 -B4096 takes ${(statSync(elf).size / pages / CORES).toFixed(2)} s for that on ${CORES} cores`;
  row(`kdump zstd from ELF of ${size}`, seconds(own), `${beside}, ${resident(own)}`);
  rmSync(elf);
}

/** Bytes a second at which the zstd tool compresses pages of 4 KiB by themselves, in one thread, in memory. */
function zstdOfPages(file: string, sample: string): number | undefined {
  const bytes = new Uint8Array(64 * 1024 * 1024);
  const fd = openSync(file, 'r');
  readSync(fd, bytes, 0, bytes.length, Math.floor(statSync(file).size / 2));
  closeSync(fd);
  writeFileSync(sample, bytes);
  const { stdout, stderr } = spawnSync('zstd', ['-b1', '-B4096', '-i2', sample], { encoding: 'utf8' });
  rmSync(sample);
  const rate = [...`${stdout}${stderr}`.matchAll(/,\s*([\d.]+) MB\/s,/g)].at(-1)?.[1];
  return rate === undefined ? undefined : Number(rate) * 1e6;
}
