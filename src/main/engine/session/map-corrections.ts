/** The user's corrections of an open dump's map, and the file beside the dump that keeps them. */
import { WorkbenchError } from '#shared/errors.ts';
import type { RegionCorrection } from '#shared/model/index.ts';
import type { OpenedDump, OpenedRegion } from '../formats/format.ts';
import type { DumpImage } from './dump-image.ts';
import { correctRegions } from './memory-map.ts';
import { projectPath, readProject, writeProject } from './project-file.ts';

export class MapCorrections {
  readonly #dump: OpenedDump;
  readonly #path: string;
  #list: RegionCorrection[];
  #regions: OpenedRegion[];
  #kept = true;

  /** Those of the image are the first ones. Throws WorkbenchError `bad-request` for one that makes no sense. */
  constructor(image: DumpImage) {
    this.#dump = image.dump;
    this.#path = projectPathOf(image);
    this.#list = image.corrections;
    this.#regions = correctRegions(image.dump, image.corrections);
  }

  get list(): RegionCorrection[] {
    return this.#list;
  }

  /** The dump's regions with the corrections on top. */
  get regions(): OpenedRegion[] {
    return this.#regions;
  }

  /** Where they stand; undefined when there are none, or they are not kept. */
  get projectFile(): string | undefined {
    return this.#list.length > 0 && this.#kept ? this.#path : undefined;
  }

  /** Takes them over even where they cannot be kept beside the dump (a read-only folder): a diagnostic then says so. */
  replace(corrections: RegionCorrection[], keep: boolean): void {
    this.#regions = correctRegions(this.#dump, corrections);
    this.#list = corrections;
    this.#kept = keep;
    if (!keep) return;
    try {
      writeProject(this.#path, corrections);
    } catch (error) {
      this.#dump.diagnostics.push({
        severity: 'info',
        code: 'corrections-not-kept',
        message: `The corrections could not be written to ${this.#path}: ${(error as Error).message}`,
        consequence: 'They hold until the dump is closed.',
      });
    }
  }
}

export function projectPathOf({ files, options }: Pick<DumpImage, 'files' | 'options'>): string {
  return projectPath(files[0]!.path, options.vm);
}

/** Corrections from the project file; one that cannot be used is said, not obeyed. */
export function keptCorrections(path: string, dump: OpenedDump): RegionCorrection[] {
  try {
    const corrections = readProject(path);
    correctRegions(dump, corrections);
    return corrections;
  } catch (error) {
    const message = error instanceof WorkbenchError || error instanceof Error ? error.message : String(error);
    dump.diagnostics.push({
      severity: 'suspect',
      code: 'project-file-unusable',
      message: `The corrections in ${path} cannot be used: ${message}`,
      consequence: 'The map is shown as the dump proves it.',
    });
    return [];
  }
}
