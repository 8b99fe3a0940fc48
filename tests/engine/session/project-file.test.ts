import { mkdtempSync, rmSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { projectPath, readProject, writeProject } from '#engine/session/project-file.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'project-'));
afterAll(() => rmSync(folder, { recursive: true }));

it("keeps the corrections of a host's map and those of its guests apart", () => {
  const dump = path.join(folder, 'host.elf');
  const correction = (start: number) => [{ start, last: start + 4095, block: null, blockOffset: 0 }];
  const places = [projectPath(dump), projectPath(dump, '174'), projectPath(dump, '175.2')];
  places.forEach((place, n) => writeProject(place, correction(n * 4096)));
  expect(readdirSync(folder).sort()).toEqual(['host.elf.guest-174.workbench.json', 'host.elf.guest-175.2.workbench.json', 'host.elf.workbench.json']);
  places.forEach((place, n) => expect(readProject(place)).toEqual(correction(n * 4096)));
  writeProject(places[1]!, []);
  expect(readProject(places[1]!)).toEqual([]);
  expect(readProject(places[0]!)).toEqual(correction(0));
});
