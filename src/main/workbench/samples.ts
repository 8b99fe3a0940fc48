/** The dumps that ship with the app: `samples.json` in their folder lists them, and nothing that it does not list can be opened as a sample. */
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import type { SampleInfo } from '#shared/contract.ts';
import { WorkbenchError } from '#shared/errors.ts';

const listSchema = v.array(
  v.object({
    id: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9.-]*$/)),
    title: v.string(),
    description: v.string(),
    /** A name in the same folder. */
    file: v.pipe(
      v.string(),
      v.check((file) => file === basename(file) && file !== '' && file !== '..', 'a plain file name'),
    ),
  }),
);

type SampleEntry = v.InferOutput<typeof listSchema>[number];

/** The list as it ships: anything wrong with it is a bug of the package, not of the user's. */
async function readList(folder: string): Promise<SampleEntry[]> {
  return v.parse(listSchema, JSON.parse(await readFile(join(folder, 'samples.json'), 'utf8')));
}

export async function listSamples(folder: string): Promise<SampleInfo[]> {
  const entries = await readList(folder);
  return Promise.all(
    entries.map(async ({ id, title, description, file }) => ({ id, title, description, size: (await stat(join(folder, file))).size })),
  );
}

/** The path of a sample's file. Rejects with `bad-request` for an id that is not in the list. */
export async function samplePath(folder: string, id: string): Promise<string> {
  const entry = (await readList(folder)).find((candidate) => candidate.id === id);
  if (!entry) throw new WorkbenchError('bad-request', `no such sample: ${id}`);
  return join(folder, entry.file);
}
