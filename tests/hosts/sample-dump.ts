/** A real dump to test hosts with: the first sample that ships with the app, and private copies of it. */
import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fixture } from '../fixtures/fixture.ts';
import { RUN_FOLDER } from './run-folder.ts';

export const SAMPLES_FOLDER = join(import.meta.dirname, '../../resources/samples');

interface Sample {
  id: string;
  title: string;
  file: string;
}

export function firstSample(): Sample {
  const [sample] = JSON.parse(readFileSync(join(SAMPLES_FOLDER, 'samples.json'), 'utf8')) as Sample[];
  if (!sample) throw new Error('resources/samples/samples.json lists no sample');
  return sample;
}

/** A new folder of the test's own, below the run's. */
export const newFolder = (): string => mkdtempSync(join(process.env[RUN_FOLDER] ?? tmpdir(), 'test-'));

/** A copy, because corrections are kept in a file beside the dump. */
export function copyOfSample(folder: string, name = 'guest.qevm'): string {
  const path = join(folder, name);
  copyFileSync(join(SAMPLES_FOLDER, firstSample().file), path);
  return path;
}

/** The same of a fixture, by its path below tests/fixtures. */
export function copyOfFixture(folder: string, name: string): string {
  const path = join(folder, basename(name));
  copyFileSync(fixture(name), path);
  return path;
}
