/** Exports in kdump's, raw and LiME form of the lab's Linux guest: in other people's tools, and opened again. */
import { openSync, readFileSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExportOptions } from '#shared/model/index.ts';
import { crashAnswers, exportFile, libkdumpfileAnswers } from './export-tools.ts';
import { labFile, labFolder, labWorkbench, readPhysical } from './lab-guest.ts';

const folder = labFolder();
const { open } = labWorkbench(folder);
const GUEST = 'x86_64-4level';
/** Of the guest's memory below the hole for devices. */
const LENGTH = 0x0a000000;
const stream = () => labFile(GUEST, 'stream.qevm');

async function exported(name: string, options: Partial<ExportOptions>, from = stream()): Promise<string> {
  const target = path.join(folder, name);
  const { missing } = await exportFile(open, from, target, options);
  expect(missing).toEqual([]);
  return target;
}

/** What QEMU's own ELF of the same moment answers. */
let wanted: string | undefined;
const answers = () => (wanted ??= libkdumpfileAnswers(labFile(GUEST, 'paging-off.elf'), LENGTH).split('\n').at(-1));

describe('kdump-compressed', () => {
  // Debian's libkdumpfile 0.5.1 and crash 8.0.2 read all of these.
  it.each(['zlib', 'lzo', 'snappy', 'zstd', 'none'] as const)('%s: libkdumpfile reads the memory of QEMU’s ELF', async (compression) => {
    expect(libkdumpfileAnswers(await exported(`${compression}.vmcore`, { format: 'kdump', compression }), LENGTH)).toBe(answers());
  });

  // libkdumpfile 0.5.1 takes no flattened file, QEMU's own neither.
  it('flattened: makedumpfile -R makes a file of it that libkdumpfile reads', async () => {
    const flattened = await exported('flattened.vmcore', { format: 'kdump', compression: 'lzo', flattened: true });
    expect(readFileSync(flattened).subarray(0, 12).toString('latin1')).toBe('makedumpfile');
    const rearranged = path.join(folder, 'rearranged.vmcore');
    const { status, stderr } = spawnSync('makedumpfile', ['-R', rearranged], { stdio: [openSync(flattened, 'r'), 'pipe', 'pipe'], encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(readFileSync(rearranged).subarray(0, 8).toString('latin1')).toBe('KDUMP   ');
    expect(libkdumpfileAnswers(rearranged, LENGTH)).toBe(answers());
  });

  // 16 s a run: the newest compression stands for the others, which libkdumpfile reads above.
  it('crash opens it, and finds the processes', async () => {
    const said = crashAnswers(await exported('crash.vmcore', { format: 'kdump', compression: 'zstd' })).join('\n');
    expect(said).toMatch(/RELEASE: 6\.1\.0-/);
    expect(said).toContain('[swapper/1]');
    expect(said.match(/^PID: .*CPU: [01] /gm)).toHaveLength(2);
  });
});

describe.each([
  ['raw', 'memory.raw'],
  ['lime', 'memory.lime'],
] as const)('%s', (format, name) => {
  it('opens again with the memory of the guest', async () => {
    const target = await exported(name, { format });
    const { workbench } = await open(stream());
    const options = format === 'raw' ? { format: 'raw' as const } : undefined;
    const { dumpId } = await workbench.openDump({ location: { kind: 'path', path: target }, jobId: `open-${format}`, options });
    const pmem = readFileSync(labFile(GUEST, 'pmem.raw'));
    expect(Buffer.compare(await readPhysical({ workbench, dumpId }, 0x100000, 0x600000), pmem.subarray(0x100000, 0x700000))).toBe(0);
    await workbench.closeDump({ dumpId });
    expect(statSync(target).size).toBeGreaterThan(LENGTH);
  });
});
