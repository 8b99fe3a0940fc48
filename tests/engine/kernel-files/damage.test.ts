/** Damaged files of a kernel: cut anywhere, bytes changed. Every question is answered or refused with an error of ours, and soon. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KernelFiles } from '#engine/kernel-files/kernel-files.ts';
import { encodeLayout } from '#engine/kernel-files/layout-encode.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { ArraySource } from '../memory/array-source.ts';
import { bytesOf, kernelWith } from './linux-guest.ts';

const FLIPS = 200;
const LIMIT_SECONDS = 3;
const TIMEOUT = { timeout: 120_000 };

const { kernel } = kernelWith('vmlinux', 'firmware.ko');
kernel.types!.struct('lab_device');
kernel.types!.enum('lab_state');
kernel.module('qemu_fw_cfg')!.types!.struct('lab_only_in_module');
const LAYOUT = new TextEncoder().encode(JSON.stringify(encodeLayout(kernel)));
const FILES: [string, Uint8Array][] = [
  ['vmlinux', bytesOf('vmlinux')],
  ['firmware.ko', bytesOf('firmware.ko')],
  ['nameless.ko', bytesOf('nameless.ko')],
  ['types.btf', new Uint8Array(readFileSync(new URL('../../fixtures/btf/types.btf', import.meta.url)))],
  ['qemu_fw_cfg', kernel.module('qemu_fw_cfg')!.btf!],
  ['layout.json', LAYOUT],
];

/** Lets errors of ours pass, and no others. */
function questions(name: string, bytes: Uint8Array, what: string): void {
  const began = performance.now();
  try {
    const given = new KernelFiles([{ name, source: new ArraySource(bytes, name) }]);
    given.problems(kernel);
    given.addressOf('init_task', kernel);
    for (const module of ['vmlinux', 'qemu_fw_cfg', 'lab_two', 'types']) {
      const types = given.typesOf(module, kernel);
      for (const path of ['nameless.deep.low', 'inner[2].wide', 'third', 'tail[3]']) types?.find('lab_device', path);
      types?.struct('lab_only_in_module')?.members.forEach(({ type }) => type);
      types?.find('fw_cfg_sysfs_entry', 'kobj.parent');
      types?.enum('lab_state')?.values.get('LAB_OLD');
    }
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw new Error(`${what}: ${String((error as Error).stack)}`, { cause: error });
    expect(['bad-format', 'unknown-format', 'bad-request', 'unsupported'], what).toContain(error.code);
  }
  expect((performance.now() - began) / 1000, what).toBeLessThan(LIMIT_SECONDS);
}

describe.each(FILES)('%s', (name, bytes) => {
  it('cut at any length', TIMEOUT, () => {
    const step = Math.max(1, Math.floor(bytes.length / 400));
    for (let length = 0; length < bytes.length; length += step) questions(name, bytes.slice(0, length), `cut to ${length}`);
  });

  it('with bytes changed', TIMEOUT, () => {
    const random = seededRandom(bytes.length);
    for (let flip = 0; flip < FLIPS; flip++) {
      const damaged = bytes.slice();
      for (let count = 0; count < 1 + (flip % 4); count++) damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
      questions(name, damaged, `flip ${flip}`);
    }
  });
});

describe('a layout that was made to harm', () => {
  const head = { format: 'vmcore-workbench kernel layout', version: 1, wordSize: 8 };
  const inCircles = {
    ...head,
    modules: { vmlinux: { enums: {}, structs: { lab_device: { kind: 'struct', size: 8, members: [{ offset: 0, type: 'struct lab_device' }] } } } },
  };

  it('a struct inside of itself ends the search for a member', () => {
    questions('layout.json', new TextEncoder().encode(JSON.stringify(inCircles)), 'circle');
  });

  it('structs ten thousand deep in each other are refused', () => {
    const deep = `${'{"kind":"struct","size":1,"members":[{"offset":0,"type":'.repeat(10_000)}"u8"${'}]}'.repeat(10_000)}`;
    const text = JSON.stringify({ ...head, modules: { vmlinux: { enums: {}, structs: { lab_device: 0 } } } }).replace(
      '"lab_device":0',
      `"lab_device":${deep}`,
    );
    expect(() => new KernelFiles([{ name: 'layout.json', source: new ArraySource(new TextEncoder().encode(text), 'layout.json') }])).toThrow(
      WorkbenchError,
    );
  });

  it('names of what every object has are no structs', () => {
    const { given } = kernelWith(['layout.json', JSON.stringify({ ...head, modules: { vmlinux: { enums: {}, structs: {} } } })]);
    const types = given.typesOf('vmlinux', kernel)!;
    expect([types.struct('constructor'), types.struct('__proto__'), types.enum('toString')]).toEqual([undefined, undefined, undefined]);
  });
});
