/** The file that an export writes: what it refuses, and what it leaves behind when it fails (nothing). */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportDump } from '#engine/export/job.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { temporaryFolder } from '../io/temporary-folder.ts';
import { openToExport, SILENT } from './export-case.ts';

const PORTABLE = { format: 'elf', layout: 'portable' } as const;
const root = temporaryFolder();
let made = 0;

/** A folder of its own with a dump in it. */
function scene(): { folder: string; dump: string; target: string } {
  const folder = path.join(root, String(made++));
  mkdirSync(folder);
  const dump = path.join(folder, 'guest.qevm');
  copyFileSync(fixture('tiny/stream.qevm'), dump);
  return { folder, dump, target: path.join(folder, 'guest.vmcore') };
}

function errorOf(action: () => unknown): WorkbenchError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(WorkbenchError);
    return error as WorkbenchError;
  }
  throw new Error('nothing was thrown');
}

describe('a target that would do harm or cannot be written is refused before anything is written', () => {
  it.each<[string, (scene: { folder: string; dump: string }) => string, string]>([
    ['the dump itself', ({ dump }) => dump, 'it is the dump that is being exported'],
    [
      'a hard link to the dump',
      ({ folder, dump }) => (linkSync(dump, path.join(folder, 'hard')), path.join(folder, 'hard')),
      'it is the dump that is being exported',
    ],
    [
      'a symbolic link to the dump',
      ({ folder, dump }) => (symlinkSync(dump, path.join(folder, 'soft')), path.join(folder, 'soft')),
      'it is the dump that is being exported',
    ],
    [
      'a name whose .part is the dump',
      ({ folder, dump }) => (linkSync(dump, path.join(folder, 'x.part')), path.join(folder, 'x')),
      'it is the dump that is being exported',
    ],
    ['a folder that is missing', ({ folder }) => path.join(folder, 'no/such/x'), 'does not exist'],
    ['a folder that is a file', ({ dump }) => path.join(dump, 'x'), 'not a folder'],
    ['a folder', ({ folder }) => folder, 'it is a folder'],
    ['a device', () => '/dev/null', 'it is a device, a pipe or a socket'],
    ['a name that is too long', ({ folder }) => path.join(folder, 'x'.repeat(255)), 'the name is too long'],
  ])('%s', (_, place, reason) => {
    const { folder, dump } = scene();
    const target = place({ folder, dump });
    const before = readdirSync(folder).sort();
    const source = openToExport(dump);
    const error = errorOf(() => exportDump(source, PORTABLE, target, SILENT));
    expect(error.code).toBe('cannot-write');
    expect(error.message).toContain(reason);
    expect(readdirSync(folder).sort()).toEqual(before);
    expect(Buffer.compare(readFileSync(dump), readFileSync(fixture('tiny/stream.qevm')))).toBe(0);
  });

  it('a folder without write permission', () => {
    const { folder, dump, target } = scene();
    const asNobody = process.getuid?.() === 0 ? 'process.setgroups([]); process.setgid(65534); process.setuid(65534);' : '';
    for (const at of [root, folder]) execFileSync('chmod', ['0555', at]);
    const script = `
      import { exportDump } from '#engine/export/job.ts';
      import { openToExport, SILENT } from './tests/engine/export/export-case.ts';
      const source = openToExport(${JSON.stringify(dump)});
      ${asNobody}
      try { exportDump(source, { format: 'elf', layout: 'portable' }, ${JSON.stringify(target)}, SILENT); console.log('written'); }
      catch (error) { console.log(error.code, error.message); }`;
    const run = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], { encoding: 'utf8' });
    for (const at of [root, folder]) execFileSync('chmod', ['0755', at]);
    expect(run.stdout + run.stderr).toContain(`cannot-write cannot write ${target}: permission denied`);
  });
});

describe('an export that fails half-way leaves nothing behind, and an older file as it was', () => {
  it('when the user cancels', () => {
    const { folder, dump, target } = scene();
    writeFileSync(target, 'older');
    const source = openToExport(dump);
    const phases: string[] = [];
    const error = errorOf(() =>
      exportDump(source, PORTABLE, target, {
        report(phase) {
          phases.push(phase);
          expect(existsSync(`${target}.part`)).toBe(phase !== 'planning the file' && phase !== 'looking for VMCOREINFO');
          if (phase === 'writing memory') throw new WorkbenchError('cancelled', 'cancelled');
        },
      }),
    );
    expect([error.code, phases.at(-1)]).toEqual(['cancelled', 'writing memory']);
    expect([readdirSync(folder).sort(), readFileSync(target, 'utf8')]).toEqual([['guest.qevm', 'guest.vmcore'], 'older']);
  });

  it('when the dump shrinks under it', () => {
    const { folder, dump, target } = scene();
    const source = openToExport(dump);
    truncateSync(dump, 200_000);
    expect(errorOf(() => exportDump(source, PORTABLE, target, SILENT)).code).toBe('source-changed');
    expect(readdirSync(folder)).toEqual(['guest.qevm']);
  });

  it('when the process may not write files that large (the disk is full: the same way)', () => {
    const { folder, dump, target } = scene();
    const script = `
      import { exportDump } from '#engine/export/job.ts';
      import { openToExport, SILENT } from './tests/engine/export/export-case.ts';
      try { exportDump(openToExport(${JSON.stringify(dump)}), { format: 'elf', layout: 'portable' }, ${JSON.stringify(target)}, SILENT); console.log('written'); }
      catch (error) { console.log(error.code, error.message); }`;
    // 400 KiB: enough for the headers and a part of the memory.
    const command = `ulimit -f 400; exec "${process.execPath}" --input-type=module-typescript -e "$SCRIPT"`;
    const run = spawnSync('bash', ['-c', command], { encoding: 'utf8', env: { ...process.env, SCRIPT: script } });
    expect(run.stdout + run.stderr).toContain(`cannot-write cannot write ${target}: the file would be larger than`);
    expect(readdirSync(folder)).toEqual(['guest.qevm']);
  });

  // A small file system of its own takes root.
  it.runIf(process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0)(
    'when the disk is too small, or fills up while it writes',
    () => {
      const { folder, dump } = scene();
      const disk = path.join(folder, 'disk');
      mkdirSync(disk);
      const script = `
      import fs from 'node:fs';
      import { exportDump } from '#engine/export/job.ts';
      import { openToExport, SILENT } from './tests/engine/export/export-case.ts';
      const source = openToExport(${JSON.stringify(dump)});
      const attempt = (progress) => {
        try { exportDump(source, { format: 'elf', layout: 'portable' }, ${JSON.stringify(path.join(disk, 'x'))}, progress); console.log('written'); }
        catch (error) { console.log(error.code, error.message); }
        console.log(fs.readdirSync(${JSON.stringify(disk)}).join());
      };
      fs.writeFileSync(${JSON.stringify(path.join(disk, 'filler'))}, new Uint8Array(800_000));
      attempt(SILENT);
      fs.rmSync(${JSON.stringify(path.join(disk, 'filler'))});
      attempt({ report(phase) { if (phase === 'writing memory') fs.writeFileSync(${JSON.stringify(path.join(disk, 'filler'))}, new Uint8Array(800_000)); } });`;
      const command = `mount -t tmpfs -o size=1900k none '${disk}' && exec "${process.execPath}" --input-type=module-typescript -e "$SCRIPT"`;
      const run = spawnSync('unshare', ['-m', 'bash', '-c', command], { encoding: 'utf8', env: { ...process.env, SCRIPT: script } });
      const lines = run.stdout.trim().split('\n');
      expect(run.stderr).toBe('');
      expect(lines[0]).toMatch(/^cannot-write cannot write .*: no space: up to 1\.5 MiB are needed, .* free/);
      expect(lines[2]).toMatch(/^cannot-write cannot write .*: no space left on the device$/);
      expect([lines[1], lines[3]]).toEqual(['filler', 'filler']);
    },
  );
});

describe('an export that succeeds', () => {
  it('replaces an older file, also over what an interrupted export left, and says that that is gone', () => {
    const { folder, dump, target } = scene();
    writeFileSync(target, 'older');
    writeFileSync(`${target}.part`, 'left behind');
    const source = openToExport(dump);
    const { warnings } = exportDump(source, PORTABLE, target, SILENT);
    expect(warnings.at(-1)).toMatch(
      /^An export that was interrupted had left guest\.vmcore\.part behind \(.*, last written .* UTC\): it was removed\.$/,
    );
    expect(exportDump(source, PORTABLE, target, SILENT).warnings.join()).not.toContain('interrupted');
    expect(readdirSync(folder).sort()).toEqual(['guest.qevm', 'guest.vmcore']);
    expect(readFileSync(target).subarray(0, 4).toString('latin1')).toBe('\x7fELF');
  });

  it('can be read by its owner only: memory holds secrets', () => {
    const { dump, target } = scene();
    exportDump(openToExport(dump), PORTABLE, target, SILENT);
    expect(statSync(target).mode & 0o777).toBe(0o600);
  });

  it('writes through no link that somebody put in the place of the unfinished file', () => {
    const { folder, dump, target } = scene();
    const victim = path.join(folder, 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, `${target}.part`);
    exportDump(openToExport(dump), PORTABLE, target, SILENT);
    expect([readFileSync(victim, 'utf8'), statSync(target).isFile()]).toEqual(['precious', true]);
  });

  it('reports phases in order, and never goes back', () => {
    const { dump, target } = scene();
    const reports: [string, number, number][] = [];
    exportDump(openToExport(dump), PORTABLE, target, { report: (...report) => void reports.push(report) });
    expect([...new Set(reports.map(([phase]) => phase))]).toEqual([
      'planning the file',
      'looking for VMCOREINFO',
      'writing memory',
      'syncing to disk',
    ]);
    const done = reports.filter(([phase]) => phase === 'writing memory').map(([, bytes]) => bytes);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    for (const [, bytes, total] of reports) expect(bytes).toBeLessThanOrEqual(total);
  });
});
