import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { wholeFile } from '#engine/formats/format.ts';
import { FileSource } from '#engine/io/file-source.ts';
import { SLOT_SIZE } from '#engine/io/page-cache.ts';
import { openDump } from '#engine/formats/registry.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { seededRandom } from './seeded-random.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
const place = (name: string) => path.join(folder, name);

function write(name: string, size: number): { file: string; content: Uint8Array } {
  const random = seededRandom(size);
  const content = Uint8Array.from({ length: size }, () => Math.floor(random() * 256));
  writeFileSync(place(name), content);
  return { file: place(name), content };
}

function thrownBy(action: () => unknown): WorkbenchError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(WorkbenchError);
    return error as WorkbenchError;
  }
  throw new Error('nothing was thrown');
}

describe.each([true, false])('a file (mapping allowed: %s)', (mapping) => {
  it('is read the same from every offset around slot edges and its end, in every way', () => {
    const { file, content } = write(`edges-${mapping}`, SLOT_SIZE * 2 + 77);
    const source = FileSource.open(file, { mapping });
    expect(source.shared.file.access.kind).toBe(mapping && process.platform === 'linux' ? 'mapped' : 'pread');
    const edges = [0, SLOT_SIZE, SLOT_SIZE * 2, content.length];
    const view = new DataView(content.buffer);
    for (const edge of edges) {
      for (let offset = Math.max(0, edge - 9); offset <= edge + 9; offset++) {
        for (const length of [0, 1, 7, 8, 9, 5000, SLOT_SIZE + 3]) {
          const expected = content.subarray(offset, offset + length);
          const target = new Uint8Array(length);
          expect(source.read(offset, target), `read ${length} at ${offset}`).toBe(expected.length);
          expect(Buffer.compare(target.subarray(0, expected.length), expected), `read ${length} at ${offset}`).toBe(0);
          const streamed = new Uint8Array(length);
          expect(source.readStreaming(offset, streamed)).toBe(expected.length);
          expect(Buffer.compare(streamed.subarray(0, expected.length), expected), `stream ${length} at ${offset}`).toBe(0);
        }
        const whole = offset + 8 <= content.length;
        expect(source.readU64(offset), `u64 at ${offset}`).toBe(whole);
        if (whole) expect([source.low, source.high]).toEqual([view.getUint32(offset, true), view.getUint32(offset + 4, true)]);
      }
    }
    expect(source.readU64(-8)).toBe(false);
    source.close();
  });

  it('that shrinks while it is open ends in `source-changed` with both sizes, not in SIGBUS', () => {
    const { file } = write(`shrinks-${mapping}`, SLOT_SIZE * 16);
    const source = FileSource.open(file, { mapping });
    source.read(0, new Uint8Array(16));
    truncateSync(file, SLOT_SIZE);
    const error = thrownBy(() => source.read(SLOT_SIZE * 8, new Uint8Array(4096)));
    expect(error.code).toBe('source-changed');
    expect(error.message).toContain(`${SLOT_SIZE * 16} bytes`);
    expect(error.message).toContain(`${SLOT_SIZE}`);
    expect(thrownBy(() => source.readU64(SLOT_SIZE * 12)).code).toBe('source-changed');
    expect(thrownBy(() => source.readStreaming(SLOT_SIZE * 8, new Uint8Array(4096))).code).toBe('source-changed');
    // What was read before the file shrank is still there.
    expect(source.read(0, new Uint8Array(16))).toBe(16);
    source.close();
  });

  it('that is replaced by another of its name is read on as it was', () => {
    const { file, content } = write(`replaced-${mapping}`, SLOT_SIZE * 4);
    const source = FileSource.open(file, { mapping });
    writeFileSync(place('other'), new Uint8Array(100));
    renameSync(place('other'), file);
    const bytes = new Uint8Array(100);
    source.read(SLOT_SIZE * 3, bytes);
    expect(bytes).toEqual(content.subarray(SLOT_SIZE * 3, SLOT_SIZE * 3 + 100));
    source.close();
  });

  it('that is empty opens, and is no dump by any format', () => {
    const { file } = write(`empty-${mapping}`, 0);
    const source = FileSource.open(file, { mapping });
    expect([source.size, source.read(0, new Uint8Array(8)), source.readU64(0)]).toEqual([0, 0, false]);
    const error = thrownBy(() => openDump(source, wholeFile(source, { report: () => undefined })));
    expect([error.code, error.message]).toEqual(['unknown-format', `empty-${mapping}: the file is empty`]);
    source.close();
  });
});

/** In a process of its own, since a SIGBUS would take the tests with it: a file cut down between the size check and the copy. */
it('a mapping whose file is cut after the size check says `lost` instead of raising SIGBUS', () => {
  const { file } = write('cut', SLOT_SIZE * 4);
  const script = `
    import fs from 'node:fs';
    import { nativeMemory } from '#engine/io/native-memory.ts';
    const native = nativeMemory();
    const fd = fs.openSync(${JSON.stringify(file)}, 'r+');
    const address = native.map(fd, ${SLOT_SIZE * 4});
    console.log(native.populate(address, ${SLOT_SIZE * 4}));
    fs.ftruncateSync(fd, 4096);
    console.log(native.populate(address + ${SLOT_SIZE}, ${SLOT_SIZE}));
  `;
  const run = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], { cwd: path.resolve('.'), encoding: 'utf8' });
  expect({ stdout: run.stdout, signal: run.signal }).toEqual({ stdout: 'ready\nlost\n', signal: null });
});

describe('what is no readable file', () => {
  it.each([
    ['a directory', () => (mkdirSync(place('folder'), { recursive: true }), place('folder')), 'this is a directory'],
    ['nothing', () => place('nothing'), 'there is no such file'],
    ['a path through a file', () => path.join(write('plain', 10).file, 'x'), 'a part of the path is not a directory'],
    ['a dangling link', () => (symlinkSync('/nowhere/at/all', place('dangling')), place('dangling')), 'there is no such file'],
    ['a link to itself', () => (symlinkSync(place('loop'), place('loop')), place('loop')), 'too many symbolic links'],
    ['a device', () => '/dev/null', 'expected a regular file'],
  ])('%s is refused by name, with the reason', (_, make, reason) => {
    const file = make();
    const error = thrownBy(() => FileSource.open(file, { mapping: true }));
    expect(error.code).toBe('io');
    expect(error.message).toContain(file);
    expect(error.message).toContain(reason);
  });

  it('a pipe is refused at once instead of waiting for a writer', () => {
    execFileSync('mkfifo', [place('pipe')]);
    expect(thrownBy(() => FileSource.open(place('pipe'), { mapping: true })).message).toContain('found a pipe');
  });

  it('a file without read permission is refused', () => {
    const { file } = write('secret', 100);
    chmodSync(file, 0);
    const open = `import { wholeFile } from '#engine/formats/format.ts';
import { FileSource } from '#engine/io/file-source.ts';
      try { FileSource.open(${JSON.stringify(file)}, { mapping: true }); console.log('opened'); } catch (error) { console.log(error.code, error.message); }`;
    const asNobody = process.getuid?.() === 0 ? `process.setgroups([]); process.setgid(65534); process.setuid(65534);` : '';
    // Root may read everything, so the test drops that right after loading the code.
    const script = open.replace('\n', `\n${asNobody}`);
    chmodSync(folder, 0o755);
    const run = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], { cwd: path.resolve('.'), encoding: 'utf8' });
    expect(run.stdout + run.stderr).toContain(`io ${file}: permission denied`);
  });
});
