/**
 * The CONFIGURATION that starts the streams of machine types since 2.4: the machine type, then what the stream's reader has to know.
 *
 * ```
 * u32 len, machine type | {05, u8 len, name, u32 version, fields}…
 *   configuration/target-page-bits   u32                                 2.8
 *   configuration/capabilities       u32 count, {u8 len, name}…          4.0: x-ignore-shared and mapped-ram alone are ever named
 *   configuration/uuid               16 bytes                            4.2, capability validate-uuid
 * ```
 * Facts: QEMU migration/savevm.c, vmstate_configuration (v10.0). An unknown subsection has no length: it is passed by looking for what may follow.
 */
import { DumpFormatError } from '#shared/errors.ts';
import { DEFAULT_PAGE_BITS, MAX_CAPABILITIES, MAX_MACHINE_NAME, Section } from './layout.ts';
import type { SectionStarts } from './section-starts.ts';
import { latin1, type StreamCursor } from './stream-cursor.ts';

export interface StreamConfiguration {
  machine?: string;
  pageBits: number;
  capabilities: string[];
  uuid?: Uint8Array;
  /** Names of subsections that are not known and were passed. */
  unknown: string[];
}

export const NO_CONFIGURATION: StreamConfiguration = { pageBits: DEFAULT_PAGE_BITS, capabilities: [], unknown: [] };

const PREFIX = 'configuration/';
/** How far behind an unknown subsection's head the next thing is looked for. */
const MAX_UNKNOWN = 4096;

/** Reads it with the cursor behind the type byte. Throws DumpFormatError; StreamEnd where the file ends. */
export function readConfiguration(cursor: StreamCursor, starts: SectionStarts): StreamConfiguration {
  const configuration: StreamConfiguration = { ...NO_CONFIGURATION, capabilities: [], unknown: [] };
  const at = cursor.position;
  const length = cursor.u32();
  if (length > MAX_MACHINE_NAME) throw problem(cursor, 'configuration length', at, `at most ${MAX_MACHINE_NAME}`, String(length));
  configuration.machine = latin1(cursor.bytes(length));
  while (cursor.peek() === Section.Subsection) readSubsection(cursor, starts, configuration);
  return configuration;
}

function readSubsection(cursor: StreamCursor, starts: SectionStarts, configuration: StreamConfiguration): void {
  const start = cursor.position;
  cursor.skip(1);
  const name = cursor.name();
  cursor.skip(4);
  if (name === `${PREFIX}target-page-bits`) {
    configuration.pageBits = cursor.u32();
    if (configuration.pageBits < 10 || configuration.pageBits > 16) throw problem(cursor, name, start, '10 to 16', String(configuration.pageBits));
  } else if (name === `${PREFIX}capabilities`) {
    const count = cursor.u32();
    if (count > MAX_CAPABILITIES) throw problem(cursor, name, start, `at most ${MAX_CAPABILITIES}`, String(count));
    for (let left = count; left > 0; left--) configuration.capabilities.push(cursor.name());
  } else if (name === `${PREFIX}uuid`) configuration.uuid = cursor.bytes(16);
  else {
    const next = name.startsWith(PREFIX) ? findNext(cursor, starts) : undefined;
    if (next === undefined) throw problem(cursor, 'configuration subsection', start, 'target-page-bits, capabilities or uuid', JSON.stringify(name));
    cursor.seek(next);
    configuration.unknown.push(name);
  }
}

/** Where the next subsection of the configuration or the first section starts. */
function findNext(cursor: StreamCursor, starts: SectionStarts): number | undefined {
  const start = cursor.position;
  const bytes = new Uint8Array(Math.max(0, Math.min(MAX_UNKNOWN, cursor.source.size - start)));
  cursor.source.read(start, bytes);
  const text = latin1(bytes);
  const section = starts.findNew(bytes, 0);
  const named = text.indexOf(PREFIX);
  // Two bytes before its name: the type and the name's length.
  const subsection = named >= 2 && bytes[named - 2] === Section.Subsection ? named - 2 : -1;
  const found = [section, subsection].filter((at) => at >= 0);
  return found.length === 0 ? undefined : start + Math.min(...found);
}

function problem(cursor: StreamCursor, field: string, fileOffset: number, expected: string, found: string): DumpFormatError {
  return new DumpFormatError({ format: 'QEMU migration stream', source: cursor.source.name, fileOffset, field, expected, found });
}
