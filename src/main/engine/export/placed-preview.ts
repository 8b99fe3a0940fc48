/** What a file whose bytes have known places would hold: ELF, raw memory, LiME. Its size is exact. */
import type { ExportOptions, PlannedPart, PlannedSegment } from '#shared/model/export.ts';
import type { ElfNote, Progress } from '../formats/format.ts';
import { PT_NOTE } from '../elf-object/layout.ts';
import { planElf, type ElfPlan } from './elf/plan.ts';
import type { ExportSource } from './export-source.ts';
import { planLime } from './lime/plan.ts';
import { windowOf } from './memory-ranges.ts';
import { COPIED_PER_THREAD, DECODED_PER_THREAD, type FilePlan } from './placed-export.ts';
import type { Preview } from './plan.ts';
import { planRaw } from './raw/plan.ts';
import { measureReading } from './sample.ts';
import { threadsForWork } from './threads.ts';

/** Milliseconds that a preview may follow page tables: whoever asks for it waits. Those of Linux guests take 0.1 to 0.6 s. */
const PAGING_PATIENCE = 3000;

class TookTooLong extends Error {}

export function previewElf(source: ExportSource, options: ExportOptions): Preview {
  const until = performance.now() + PAGING_PATIENCE;
  const impatient: Progress = {
    report() {
      if (performance.now() > until) throw new TookTooLong();
    },
  };
  try {
    return elfPreview(source, options, planElf(source, options, impatient));
  } catch (error) {
    if (!(error instanceof TookTooLong)) throw error;
    const preview = elfPreview(source, options, planElf(source, { ...options, paging: false }));
    const warning = 'The page tables are too many to be followed for this preview: segments are shown as without virtual addresses.';
    return { ...preview, exact: false, warnings: [...preview.warnings, warning] };
  }
}

function elfPreview(source: ExportSource, options: ExportOptions, plan: ElfPlan): Preview {
  const notes = plan.segments.find(({ type }) => type === PT_NOTE);
  const [, tail] = plan.extras;
  return {
    ...placed(source, options, plan, [
      { title: 'Headers', size: notes?.offset ?? 0, exact: true },
      { title: 'Notes', size: notes?.fileSize ?? 0, exact: true },
      { title: 'Section names', size: tail?.bytes.length ?? 0, exact: true },
    ]),
    segmentCount: plan.segments.length,
    segments: plan.segments.map(({ type, physical, virtual, offset, fileSize, memorySize }) => ({
      type: type === PT_NOTE ? 'NOTE' : 'LOAD',
      physical,
      virtual,
      fileOffset: offset,
      fileSize,
      memorySize,
    })),
    notes: plan.notes,
  };
}

export function previewRaw(source: ExportSource, options: ExportOptions): Preview {
  return placed(source, options, planRaw(source, options), []);
}

export function previewLime(source: ExportSource, options: ExportOptions): Preview {
  const plan = planLime(source, options);
  return placed(source, options, plan, [{ title: 'Headers', size: extraSize(plan), exact: true }]);
}

/** `parts` of the file besides its memory, and besides what lies between. */
function placed(source: ExportSource, options: ExportOptions, plan: FilePlan, parts: PlannedPart[]): Preview & { notes: ElfNote[] } {
  const memory = plan.pieces.reduce((sum, { length }) => sum + length, 0);
  const between = plan.fileSize - memory - parts.reduce((sum, { size }) => sum + size, 0);
  const all: PlannedPart[] = [
    ...parts,
    { title: 'Memory', size: memory, exact: true },
    { title: options.format === 'raw' ? 'Addresses without memory' : 'Padding to pages', size: between, exact: true },
  ];
  return {
    fileSize: plan.fileSize,
    exact: true,
    dataSize: extraSize(plan) + plan.dataSize,
    parts: all.filter(({ size }) => size > 0),
    sidecar: plan.sidecar?.suffix,
    segmentCount: plan.pieces.length,
    segments: plan.pieces.map(({ physical, length, position }): PlannedSegment => {
      return { type: 'RANGE', physical, virtual: null, fileOffset: position, fileSize: length, memorySize: length };
    }),
    notes: [],
    warnings: plan.warnings,
    seconds: (verified) => {
      const rate = measureReading(source.memory, plan.dataSize, windowOf(options));
      if (rate === null) return null;
      // To write what was read takes about as long as to read it; to verify is to read the source and the file.
      const passes = verified ? 4 : 2;
      return ((plan.dataSize / rate) * passes) / threadsForWork(plan.dataSize, source.dump.coding ? DECODED_PER_THREAD : COPIED_PER_THREAD);
    },
  };
}

function extraSize({ extras }: FilePlan): number {
  return extras.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
