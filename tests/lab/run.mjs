// `npm run test:lab`: makes the lab's dumps where they are missing, then runs tests/lab against them. Last line: N passed, N failed.
//
//   VMCORE_LAB     where the dumps are (default: lab-out in the repository); made with ../shared/lab/lab, which needs Debian and root
//   LAB_SCRIPT     another lab script
//   VMCORE_NO_VMLINUX=1   do not fetch the kernel's debug symbols (860 MB, kept in ~/.cache/vmcore-lab): the test with crash then fails
//   VMCORE_LAB_VERSIONS=1   make guests and KVM hosts of Linux 5.10 and 6.12 too, and crashed ones (some 20 minutes, 6 GB; 1.2 GB to download, kept there as well): tests/lab/{linux,kvm}-versions.lab.test.ts skip them otherwise
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runVitestTwice } from '../../scripts/vitest-twice.mjs';

const repository = path.resolve(import.meta.dirname, '../..');
const lab = process.env.LAB_SCRIPT ?? path.resolve(repository, '../shared/lab/lab');
const dumps = path.resolve(process.env.VMCORE_LAB ?? path.join(repository, 'lab-out'));
const GUESTS = ['tiny', 'x86_64', 'x86_64-4level', 'i386', 'i386-pae', 'arm64', 's390x', 'ppc64le', 'kvm-host'];
const FOREIGN = new Set(['arm64', 's390x', 'ppc64le']);
const env = { ...process.env, VMCORE_LAB: dumps, PATH: `${path.join(repository, 'node_modules/.bin')}:${process.env.PATH}` };

function say(line) {
  process.stdout.write(`${line}\n`);
}

/** Most guests run on one CPU: once the first has installed what the lab needs, the others are made in two rows. What two would fetch at once is in one row. */
async function make([first, ...others]) {
  if (!(await makeRow([first]))) return false;
  const isForeign = (guest) => FOREIGN.has(guest);
  const rows = [others.filter((guest) => !isForeign(guest)), others.filter(isForeign)].filter((row) => row.length > 0);
  return (await Promise.all(rows.map(makeRow))).every(Boolean);
}

function makeRow(guests) {
  const made = spawn(lab, ['make', ...guests, '--out', dumps], { stdio: 'inherit', env });
  return new Promise((resolve) => made.on('error', () => resolve(false)).on('exit', (code) => resolve(code === 0)));
}

const missing = GUESTS.filter((guest) => !existsSync(path.join(dumps, guest, 'stream.qevm')));
if (missing.length > 0) {
  say(`making ${missing.join(', ')} in ${dumps}`);
  if (!existsSync(lab)) {
    say(`there is no lab at ${lab}: the dumps cannot be made`);
    say('0 passed, 1 failed');
    process.exit(1);
  }
  if (!(await make(missing))) {
    say('the lab failed');
    say('0 passed, 1 failed');
    process.exit(1);
  }
}

if (!env.VMCORE_NO_VMLINUX && !env.VMCORE_VMLINUX) {
  const vmlinux = spawnSync(lab, ['vmlinux'], { encoding: 'utf8', env });
  const file = vmlinux.stdout?.split('\n')[0]?.trim();
  if (vmlinux.status === 0 && file && existsSync(file)) env.VMCORE_VMLINUX = file;
  else say(`NO DEBUG VMLINUX: ${lab} vmlinux failed, so crash cannot be tried.\n${vmlinux.stderr ?? ''}`);
}

const compiled = mkdtempSync(path.join(os.tmpdir(), 'vmcore-lab-'));
env.NODE_COMPILE_CACHE ??= compiled;
const vitest = path.join(repository, 'node_modules/vitest/vitest.mjs');
const node = path.join(repository, 'node_modules/.bin/node');
const command = [existsSync(node) ? node : process.execPath, vitest];
const args = ['--config=tests/lab/vitest.lab.config.ts', '--reporter=verbose', ...process.argv.slice(2)];
const { passed, skipped, failed, lines } = runVitestTwice(command, args, { cwd: repository, env });
rmSync(compiled, { recursive: true, force: true });
for (const line of lines) say(line);
if (skipped > 0) say(`${skipped} skipped`);
say(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
