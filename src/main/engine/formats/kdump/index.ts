/**
 * kdump-compressed files: what makedumpfile makes of a crashed kernel's memory, and what QEMU's dump-guest-memory writes with a kdump-* format. Structures:
 * layout.ts. Versions 1 to 6 and DISKDUMP, both byte orders, 32-bit ABIs packed and padded, split sets.
 *
 * Not supported: registers in the header of a DISKDUMP file.
 */
import { formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import { DumpFormatError, WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic, Evidence } from '#shared/model/index.ts';
import { ARCHITECTURES } from '../../arch/index.ts';
import type { CpuState } from '../../arch/cpu-state.ts';
import { findFamily, type CpuFamily } from '../../arch/families.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import { cpusFromNotes } from '../cpu-notes.ts';
import { parseNotes, type FoundNote } from '../elf/notes.ts';
import type { DumpFormat, DumpPart, ElfNote, OpenContext, OpenedDump, OpenedRegion } from '../format.ts';
import { VMCOREINFO_OWNER, vmcoreinfoFacts } from '../vmcoreinfo.ts';
import { excludedBytes, kdumpFacts } from './facts.ts';
import { DISKDUMP_SIGNATURE, KDUMP_SIGNATURE, signatureOf, type Area } from './layout.ts';
import { pageDiagnostics, statusDiagnostics } from './losses.ts';
import { familyOf } from './machine.ts';
import { indexPages, type PageIndex } from './page-index.ts';
import { readPart, type KdumpPart } from './part.ts';
import { segmentsOf } from './split-set.ts';

/** Largest area of notes that is read. */
const MAX_AREA = 64 * 1024 * 1024;

export const kdump: DumpFormat = {
  id: 'kdump',
  title: 'kdump-compressed dump',
  canBeSplit: true,

  probe(head) {
    return isSignature(signatureOf(head)) ? 'yes' : 'no';
  },

  open(source, context) {
    return new KdumpDump(source, context).describe();
  },
};

function isSignature(text: string): boolean {
  return text === KDUMP_SIGNATURE || text === DISKDUMP_SIGNATURE;
}

class KdumpDump {
  readonly #source: ByteSource;
  readonly #context: OpenContext;
  readonly #diagnostics: Diagnostic[] = [];
  readonly #parts: KdumpPart[];

  constructor(source: ByteSource, context: OpenContext) {
    this.#source = source;
    this.#context = context;
    for (const part of context.parts) this.#checkSignature(part);
    this.#parts = context.parts.map((part) => readPart(source, part, this.#diagnostics));
  }

  describe(): OpenedDump {
    const source = this.#source;
    const parts = this.#parts;
    const [part] = parts as [KdumpPart];
    const { header, subHeader } = part;
    this.#diagnostics.push(...statusDiagnostics(parts));
    const index = indexPages(source, segmentsOf(parts), this.#context.progress);
    this.#diagnostics.push(...pageDiagnostics(index, parts));
    const notes = this.#notes(part);
    const vmcoreinfo = notes.find(({ owner }) => owner === VMCOREINFO_OWNER) ?? this.#bareVmcoreinfo(part);
    const family = findFamily(this.#context.architecture) ?? familyOf(header, notes);
    const cpus = this.#cpus(part, family, notes);
    if (subHeader.eraseinfo.size > 0) {
      const message = `Data was erased on purpose: eraseinfo at 0x${(part.start + subHeader.eraseinfo.offset).toString(16)} names it.`;
      this.#diagnose('info', 'erased', message, 'Erased data reads as letters X.');
    }
    return {
      format: 'kdump',
      formatTitle: kdump.title,
      sentence: this.#sentence(part, cpus, notes, index),
      layers: parts.map((each) => ({
        title: each.header.diskdump ? 'diskdump' : kdump.title,
        offset: each.start,
        length: each.end - each.start,
        detail: `version ${each.header.version}, blocks of ${each.header.blockSize} bytes, page data by ${counted(
          index.tables.find(({ start }) => start === each.start)?.count ?? 0,
          'descriptor',
        )}`,
        ...(parts.length > 1 ? { part: each.name } : {}),
      })),
      architecture: family?.id,
      littleEndian: header.littleEndian,
      blocks: [],
      regions: this.#regions(part, index),
      extents: index.extents.shared,
      coding: { kind: 'kdump', units: { blockSize: header.blockSize, littleEndian: header.littleEndian, tables: index.tables } },
      cpus,
      notes: notes.map(({ owner, type, description, source: found }) => ({ owner, type, description, source: found })),
      vmcoreinfo,
      facts: [...kdumpFacts(parts, index.segments), ...(vmcoreinfo ? vmcoreinfoFacts(vmcoreinfo) : [])],
      diagnostics: this.#diagnostics,
    };
  }

  /** The first file was recognised, or the user says what it is; the others must be of the same kind. */
  #checkSignature({ name, start }: DumpPart): void {
    const bytes = new Uint8Array(8);
    this.#source.read(start, bytes);
    const found = signatureOf(bytes);
    if (isSignature(found)) return;
    const shown = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    if (start === this.#context.start) {
      throw new DumpFormatError({
        format: 'kdump header',
        source: name,
        fileOffset: start,
        field: 'signature',
        expected: `"${KDUMP_SIGNATURE}" or "${DISKDUMP_SIGNATURE}"`,
        found: shown,
      });
    }
    throw new WorkbenchError('not-one-dump', `${name} does not belong to the others: expected a kdump-compressed dump, found ${shown}`, {
      source: name,
    });
  }

  /** The bytes of an area that are in the file. */
  #area({ start, end }: KdumpPart, { offset, size }: Area): Uint8Array {
    const length = Math.max(0, Math.min(size, MAX_AREA, end - (start + offset)));
    const bytes = new Uint8Array(offset > 0 ? length : 0);
    this.#source.read(start + offset, bytes);
    return bytes;
  }

  #notes(part: KdumpPart): FoundNote[] {
    const area = part.subHeader.notes;
    const bytes = this.#area(part, area);
    const { notes, damagedAt } = parseNotes(bytes, part.start + area.offset, part.header.littleEndian);
    const cutAt = damagedAt ?? (bytes.length < area.size ? part.start + area.offset + bytes.length : undefined);
    if (cutAt !== undefined) {
      this.#diagnose(
        'data-loss',
        'notes-truncated',
        `The notes end at 0x${cutAt.toString(16)}, inside one of them.`,
        'Registers may be missing.',
        cutAt,
      );
    }
    return notes;
  }

  /** Version 3 has the text without a note around it. */
  #bareVmcoreinfo(part: KdumpPart): ElfNote | undefined {
    const area = part.subHeader.vmcoreinfo;
    const description = this.#area(part, area);
    const found = `kdump sub-header, offset_vmcoreinfo 0x${area.offset.toString(16)}`;
    return description.length > 0 ? { owner: VMCOREINFO_OWNER, type: 0, description, source: found } : undefined;
  }

  #cpus({ name, start, header }: KdumpPart, family: CpuFamily | undefined, notes: FoundNote[]): CpuState[] {
    const architecture = ARCHITECTURES.find(({ id }) => id === family?.id);
    if (!architecture || !family) {
      const { machine: named } = header.utsname;
      const machine = family?.title ?? (named === '' || named === 'Unknown' ? 'a machine that the file does not name' : named);
      const message = `CPUs of ${machine} are not decoded yet.`;
      this.#diagnose('data-loss', 'unknown-cpu', message, 'There are no registers and no page walks; memory can be read.', start + 12);
      return [];
    }
    const { cpus, diagnostics } = cpusFromNotes(notes, {
      architecture,
      elfMachine: family.elfMachine,
      littleEndian: header.littleEndian,
      source: name,
    });
    this.#diagnostics.push(...diagnostics);
    return cpus;
  }

  #regions({ header, bitmaps }: KdumpPart, { runs }: PageIndex): OpenedRegion[] {
    const evidence: Evidence = {
      strength: 'proven',
      text: `Bitmap 1 at 0x${bitmaps.first.toString(16)}: the pages that exist.`,
    };
    return runs.map(({ first, end }) => {
      const start = first * header.blockSize;
      return { start, last: end * header.blockSize - 1, block: -1, blockOffset: 0, ram: start, readOnly: false, evidence };
    });
  }

  #sentence({ header, subHeader }: KdumpPart, cpus: CpuState[], notes: FoundNote[], { runs, segments }: PageIndex): string {
    const { sysname, release, nodename, machine } = header.utsname;
    const host = nodename && nodename !== '(none)' ? `on ${nodename}` : '';
    const system = [sysname, release, host].filter(Boolean).join(' ');
    // QEMU (dump/dump.c, v2.0 to v10.0) fills in the machine's name alone and claims dump level 1, but leaves nothing out; others keep its notes.
    const excluded = excludedBytes(segments);
    const byQemu = machine !== '' && subHeader.dumpLevel === 1 && excluded === 0;
    const guest = notes.some(({ owner }) => owner === 'QEMU') ? ' of a QEMU guest' : ' of a machine';
    const what = header.diskdump ? 'A diskdump' : 'A kdump-compressed dump';
    const who = system ? ` of ${system}` : byQemu ? " written by QEMU's dump-guest-memory" : guest;
    const total = runs.reduce((sum, { first, end }) => sum + (end - first), 0) * header.blockSize;
    const left = excluded > 0 ? `, of which ${formatSize(excluded)} were left out` : '';
    return `${what}${who}, with ${counted(cpus.length || Math.max(0, header.cpuCount), 'CPU')} and ${formatSize(total)} of memory${left}.`;
  }

  #diagnose(severity: Diagnostic['severity'], code: string, message: string, consequence: string, fileOffset?: number): void {
    this.#diagnostics.push({ severity, code, message, consequence, fileOffset });
  }
}
