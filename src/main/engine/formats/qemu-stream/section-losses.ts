/** Why a stream could not be read to its end, and what of its sections is uncertain, for the user. */
import { counted } from '#shared/counted.ts';
import { DumpFormatError } from '#shared/errors.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { DeviceSection } from '../format.ts';
import { SECTION_NAMES } from './layout.ts';
import type { StreamContents } from './sections.ts';
import { StreamEnd } from './stream-cursor.ts';

/** Nothing tells where a device section ends. */
export class SectionUnknown extends Error {
  constructor({ kind, name, instance, version }: DeviceSection) {
    super(`${SECTION_NAMES[kind]} section ${name} (instance ${instance}, version ${version})`);
  }
}

/** The diagnostic for what stopped the reading inside the section at `sectionStart`; undefined for an error that is not the file's. */
export function diagnoseStop(error: unknown, sectionStart: number, contents: StreamContents): Diagnostic | undefined {
  const at = `0x${sectionStart.toString(16)}`;
  if (error instanceof StreamEnd) {
    const end = `0x${error.position.toString(16)}`;
    return {
      severity: 'data-loss',
      code: 'stream-truncated',
      message: `The file ends at ${end}, inside the section that starts at ${at}; a stream ends with an EOF section.`,
      consequence: lost(contents),
      fileOffset: error.position,
    };
  }
  if (error instanceof SectionUnknown) {
    const before = counted(contents.devices.length, 'device section');
    return {
      severity: 'data-loss',
      code: 'section-unknown',
      message: `Nothing tells where the ${error.message} at ${at} ends: the stream has no footers and no description of its devices, and its layout is not known.`,
      consequence: contents.ramComplete ? `Memory and the ${before} before it are shown; what comes after it is missing.` : lost(contents),
      fileOffset: sectionStart,
    };
  }
  if (!(error instanceof DumpFormatError)) return undefined;
  const fileOffset = error.details.fileOffset ?? sectionStart;
  return { severity: 'data-loss', code: 'stream-damaged', message: error.message, consequence: lost(contents), fileOffset };
}

function lost({ ramComplete }: StreamContents): string {
  if (ramComplete) return 'Memory is complete; what comes after is missing.';
  return 'What comes before is shown; memory and devices after it are missing. Pages that the guest changed while it was saved may be older than others.';
}

/** For sections that were taken to end where the next one starts. */
export function diagnoseGuessed(sections: readonly DeviceSection[]): Diagnostic {
  const names = [...new Set(sections.map(({ name }) => name))];
  const shown = names.length > 5 ? `${names.slice(0, 5).join(', ')} and others` : names.join(', ');
  return {
    severity: 'info',
    code: 'sections-guessed',
    message: `Nothing describes ${counted(sections.length, 'device section')} (${shown}); each was taken to end where the next section's header starts.`,
    consequence: 'Their bytes are shown; what they mean is not known.',
  };
}
