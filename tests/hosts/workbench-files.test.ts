/** Recent files, samples and folder listings: what hosts need besides dumps. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configFolder } from '#workbench/config-folder.ts';
import { ENTRY_LIMIT, listDirectory } from '#workbench/directory.ts';
import { openRecentFiles, RECENT_LIMIT } from '#workbench/recent-files.ts';
import { listSamples, samplePath } from '#workbench/samples.ts';
import { newFolder } from './sample-dump.ts';

describe('recent files', () => {
  it('keeps the newest first, each once, at most twenty, across starts', async () => {
    const config = join(newFolder(), 'not', 'yet');
    const recent = await openRecentFiles(config);
    for (let index = 0; index < RECENT_LIMIT + 5; index++) await recent.add([`/dumps/${index}`]);
    await recent.add(['/dumps/20']);
    const again = await openRecentFiles(config);
    const paths = (await again.list()).map(({ path }) => path);
    expect(paths).toHaveLength(RECENT_LIMIT);
    expect(paths.slice(0, 3)).toEqual(['/dumps/20', '/dumps/24', '/dumps/23']);
    expect(again.has('/dumps/20')).toBe(true);
    expect(again.has('/dumps/1')).toBe(false);
    await again.clear();
    expect(await recent.list()).toEqual([]);
  });

  it('tells files that are gone', async () => {
    const folder = newFolder();
    const recent = await openRecentFiles(folder, () => new Date(0));
    writeFileSync(join(folder, 'dump'), '');
    await recent.add([join(folder, 'dump')]);
    const path = join(folder, 'dump');
    expect(await recent.list()).toEqual([
      { path, name: 'dump', folder, openedAt: '1970-01-01T00:00:00.000Z', exists: true, files: [path], options: {} },
    ]);
    rmSync(join(folder, 'dump'));
    expect(await recent.list()).toMatchObject([{ exists: false }]);
  });

  it('keeps the parts of a set and how a file was opened: two snapshots of one image are two entries', async () => {
    const folder = newFolder();
    const recent = await openRecentFiles(folder);
    await recent.add(['/set/1', '/set/2']);
    await recent.add(['/disk.qcow2'], { snapshot: 'before' });
    await recent.add(['/disk.qcow2'], { snapshot: 'after' });
    await recent.add(['/set/2', '/set/1']);
    const again = await openRecentFiles(folder);
    expect((await again.list()).map(({ name, files, options, exists }) => ({ name, files: files.length, options, exists }))).toEqual([
      { name: '2', files: 2, options: {}, exists: false },
      { name: 'disk.qcow2', files: 1, options: { snapshot: 'after' }, exists: false },
      { name: 'disk.qcow2', files: 1, options: { snapshot: 'before' }, exists: false },
    ]);
    expect(again.has('/set/1')).toBe(true);
    expect(again.has('/set/2')).toBe(true);
    expect(again.has('/set/3')).toBe(false);
  });

  it('keeps the files that RAM was taken from, lets them be opened again, and misses them when they are gone', async () => {
    const folder = newFolder();
    const recent = await openRecentFiles(folder);
    const dump = join(folder, 'dump');
    writeFileSync(dump, '');
    await recent.add([dump], { ramFiles: { 'ram-node0': '/shm/0', 'ram-node1': '/shm/1' } });
    await recent.add([dump]);
    await recent.add([dump], { ramFiles: { 'ram-node1': '/shm/1', 'ram-node0': '/shm/0' } });
    const again = await openRecentFiles(folder);
    expect((await again.list()).map(({ options, exists }) => ({ options, exists }))).toEqual([
      { options: { ramFiles: { 'ram-node1': '/shm/1', 'ram-node0': '/shm/0' } }, exists: false },
      { options: {}, exists: true },
    ]);
    expect(again.has('/shm/1')).toBe(true);
    expect(again.has('/shm/2')).toBe(false);
  });

  it('does not lose changes made at the same moment', async () => {
    const recent = await openRecentFiles(newFolder());
    await Promise.all(['/a', '/b', '/c'].map((path) => recent.add([path])));
    expect((await recent.list()).map(({ path }) => path)).toEqual(['/c', '/b', '/a']);
  });

  it.each(['', 'not json', '{}', '[{"path": 1}, null, "x", {"path": "", "openedAt": ""}]'])(
    'takes the damaged file %j as an empty list',
    async (content) => {
      const folder = newFolder();
      writeFileSync(join(folder, 'recent-files.json'), content);
      const recent = await openRecentFiles(folder);
      expect(await recent.list()).toEqual([]);
      await recent.add(['/dump']);
      expect(await recent.list()).toMatchObject([{ path: '/dump' }]);
    },
  );

  it('keeps the list for this run where it cannot be written', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'config'), 'a file where the folder should be');
    const recent = await openRecentFiles(join(folder, 'config'));
    await recent.add(['/a']);
    await recent.add(['/b']);
    expect((await recent.list()).map(({ path }) => path)).toEqual(['/b', '/a']);
  });

  it('is private and leaves no part behind', async () => {
    const folder = newFolder();
    const recent = await openRecentFiles(folder);
    await recent.add(['/dump']);
    expect(readdirSync(folder)).toEqual(['recent-files.json']);
    expect(statSync(join(folder, 'recent-files.json')).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(join(folder, 'recent-files.json'), 'utf8'))).toHaveLength(1);
  });

  it('lives where Electron keeps its user data', () => {
    expect(configFolder('linux', { XDG_CONFIG_HOME: '/config' })).toBe('/config/vmcore-workbench');
    expect(configFolder('linux', {})).toMatch(/\/\.config\/vmcore-workbench$/);
    expect(configFolder('darwin', {})).toMatch(/Library\/Application Support\/vmcore-workbench$/);
  });
});

describe('samples', () => {
  it('finds what the list names and nothing else', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'tiny.qevm'), 'QEVM');
    writeFileSync(join(folder, 'samples.json'), JSON.stringify([{ id: 'tiny', title: 'Tiny', description: 'A guest.', file: 'tiny.qevm' }]));
    expect(await listSamples(folder)).toEqual([{ id: 'tiny', title: 'Tiny', description: 'A guest.', size: 4 }]);
    expect(await samplePath(folder, 'tiny')).toBe(join(folder, 'tiny.qevm'));
    await expect(samplePath(folder, '../tiny')).rejects.toMatchObject({ code: 'bad-request' });
  });

  it.each(['../outside', 'sub/file', '..', ''])('refuses a list that names %j', async (file) => {
    const folder = newFolder();
    writeFileSync(join(folder, 'samples.json'), JSON.stringify([{ id: 'x', title: '', description: '', file }]));
    await expect(samplePath(folder, 'x')).rejects.toThrow('a plain file name');
  });
});

describe('folder listing', () => {
  it('puts folders first, sorts numbers as numbers, and leaves out what cannot be opened', async () => {
    const folder = newFolder();
    for (const name of ['dump10', 'dump2', '.hidden']) writeFileSync(join(folder, name), 'x'.repeat(7));
    mkdirSync(join(folder, 'zoo'));
    symlinkSync('dump2', join(folder, 'link'));
    symlinkSync('nowhere', join(folder, 'broken'));
    const listing = await listDirectory(folder);
    expect(listing.entries.map(({ name, kind, size }) => [name, kind, size])).toEqual([
      ['zoo', 'directory', 0],
      ['dump2', 'file', 7],
      ['dump10', 'file', 7],
      ['link', 'file', 7],
    ]);
    expect(listing).toMatchObject({ path: folder, cut: false });
    expect((await listDirectory('/')).parent).toBeNull();
  });

  it('stops at its limit and says so', async () => {
    const folder = newFolder();
    for (let index = 0; index <= ENTRY_LIMIT; index++) writeFileSync(join(folder, String(index)), '');
    const { entries, cut } = await listDirectory(folder);
    expect(entries).toHaveLength(ENTRY_LIMIT);
    expect(cut).toBe(true);
  });

  it('says why a folder cannot be listed', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    await expect(listDirectory(join(folder, 'missing'))).rejects.toMatchObject({ code: 'io', message: expect.stringContaining('no such folder') });
    await expect(listDirectory(join(folder, 'file'))).rejects.toMatchObject({ code: 'io', message: expect.stringContaining('not a folder') });
    if (process.getuid?.() === 0) return;
    chmodSync(folder, 0);
    await expect(listDirectory(folder)).rejects.toMatchObject({ code: 'io', message: expect.stringContaining('no permission') });
  });
});
