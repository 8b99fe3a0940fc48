/** `linux FILE layout` and what --debug makes of it, on a real Linux guest. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fixture } from '../fixtures/fixture.ts';
import { run } from './run-cli.ts';

const guest = fixture('linux/stream.qevm');
const folder = mkdtempSync(path.join(os.tmpdir(), 'layout-'));
afterAll(() => rmSync(folder, { recursive: true }));
/** Several dumps are opened in a test. */
const TIMEOUT = { timeout: 60_000 };

it('a layout serves another opening, which says so', TIMEOUT, async () => {
  const written = await run('linux', guest, 'layout');
  expect(written.code).toBe(0);
  const file = path.join(folder, 'layout.json');
  writeFileSync(file, written.out);
  const { structs } = (JSON.parse(written.out) as { modules: Record<string, { structs: object }> }).modules['vmlinux']!;
  expect(Object.keys(structs)).toEqual(expect.arrayContaining(['task_struct', 'mm_struct', 'module', 'page', 'file', 'dentry']));
  const overview = await run('linux', guest, '--debug', file);
  expect(overview.out).toContain('types by      layout.json (layout)');
  const tasks = [await run('linux', guest, 'tasks', '--debug', file), await run('linux', guest, 'tasks')];
  expect(tasks[0]).toEqual(tasks[1]);
});

it('a vmlinux of another build is named, and the guest read without it', TIMEOUT, async () => {
  const { code, out, err } = await run('linux', guest, '--debug', fixture('kernel-files/vmlinux-other'));
  expect(code).toBe(0);
  expect(out).toContain('types by      BTF in memory');
  expect(err).toContain('vmlinux-other is not used: its build id is aaaa');
});

it('a file that is nothing of the kind is an error, before anything is read', async () => {
  const file = path.join(folder, 'notes.txt');
  writeFileSync(file, 'hello');
  const { code, err } = await run('linux', guest, '--debug', file);
  expect(code).toBe(1);
  expect(err).toContain('notes.txt: neither an ELF file, nor BTF, nor a layout in JSON');
});
