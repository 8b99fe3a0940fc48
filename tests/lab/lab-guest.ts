/** The lab's guests, and a whole workbench over their dumps: the lab tests ask it what a user asks. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { READ_LIMIT } from '#shared/contract.ts';
import type { OpenOptions, Translation } from '#shared/model/index.ts';
import type { RootChoice } from '#shared/model/walk.ts';
import type { Workbench } from '#workbench/workbench.ts';
import { workbenchOfTests } from '../contract/workbench-of-tests.ts';
import type { Oracle } from '../fixtures/fixture.ts';

export const LAB = process.env.VMCORE_LAB ?? path.resolve('lab-out');
export const LINUX_GUESTS = ['x86_64', 'x86_64-4level'];
/** 32-bit kernels: page tables of two levels, and PAE. */
export const LINUX_GUESTS_32 = ['i386', 'i386-pae'];

/** A file of a guest. A missing one is an error, not a skipped test: run.mjs makes them. */
export function labFile(guest: string, name: string): string {
  const file = path.join(LAB, guest, name);
  if (!existsSync(file)) throw new Error(`${file} is missing: make it with ../shared/lab/lab make ${guest} --out ${LAB}`);
  return file;
}

/** The guests of a KVM host, in the order in which their processes were started: `vm` is the PID, `name` what files in guests/ begin with. */
export function kvmGuests(host = 'kvm-host'): { vm: string; name: string }[] {
  return readdirSync(labFile(host, 'guests'))
    .flatMap((name) => /^hostmap-(\d+)\.txt$/.exec(name)?.[1] ?? [])
    .sort((a, b) => Number(a) - Number(b))
    .map((vm, index) => ({ vm, name: `guest-${index + 1}` }));
}

export function labOracle(guest: string): Required<Pick<Oracle, 'cpus' | 'translations' | 'mtree -f'>> {
  return JSON.parse(readFileSync(labFile(guest, 'oracle.json'), 'utf8')) as Required<Oracle>;
}

/** A folder for this test file's results, gone afterwards. On the disk of the lab: dumps are large. */
export function labFolder(): string {
  const folder = mkdtempSync(path.join(process.env.VMCORE_LAB ?? os.tmpdir(), 'results-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface LabDump {
  workbench: Workbench;
  dumpId: string;
}

/** Opens dumps in one workbench for the test file. */
export function labWorkbench(folder: string): { open(file: string, options?: OpenOptions): Promise<LabDump> } {
  let started: Promise<Workbench> | undefined;
  let jobs = 0;
  afterAll(async () => (await started)?.dispose());
  return {
    async open(file, options) {
      started ??= workbenchOfTests('in-process', folder);
      const workbench = await started;
      const { dumpId } = await workbench.openDump({ location: { kind: 'path', path: file }, jobId: `open-${jobs++}`, options });
      return { workbench, dumpId };
    },
  };
}

/** Guest-physical memory in one piece. Throws at a hole. */
export async function readPhysical({ workbench, dumpId }: LabDump, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += READ_LIMIT) {
    const size = Math.min(READ_LIMIT, length - at);
    const root: RootChoice = { kind: 'cpu', cpu: 0 };
    const chunk = await workbench.readMemory({ dumpId, space: 'gpa', address: BigInt(start + at), length: size, root });
    const hole = chunk.spans.find(({ state }) => state !== 'present' && state !== 'zero');
    if (hole) throw new Error(`GPA 0x${(start + at + hole.start).toString(16)} is ${hole.state}`);
    bytes.set(chunk.bytes, at);
  }
  return bytes;
}

export async function translateAll({ workbench, dumpId }: LabDump, addresses: bigint[], root: RootChoice): Promise<Translation[]> {
  const answers: Translation[] = [];
  for (let at = 0; at < addresses.length; at += 32768) {
    answers.push(...(await workbench.translate({ dumpId, addresses: addresses.slice(at, at + 32768), root })));
  }
  return answers;
}
