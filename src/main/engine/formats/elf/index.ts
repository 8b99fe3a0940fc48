/**
 * ELF64 vmcores: what QEMU's dump-guest-memory, kdump's /proc/vmcore and makedumpfile -E write. Structures: layout.ts.
 *
 * Not supported yet: ELFCLASS32, big-endian files, cores of processes.
 */
import { formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import { DumpFormatError, WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic, Fact } from '#shared/model/index.ts';
import type { Architecture } from '../../arch/architecture.ts';
import type { CpuState } from '../../arch/cpu-state.ts';
import { findArchitectureByElfMachine } from '../../arch/index.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import { cpusFromNotes } from '../cpu-notes.ts';
import type { DumpFormat, OpenedDump, Progress } from '../format.ts';
import { VMCOREINFO_OWNER, vmcoreinfoFacts } from '../vmcoreinfo.ts';
import {
  decodeHeader,
  EHDR_SIZE,
  ELF_MAGIC,
  ELFCLASS64,
  ELFDATA2LSB,
  ET_CORE,
  NT_AUXV,
  NT_FILE,
  PHDR_SIZE,
  PN_XNUM,
  SHDR_SIZE,
  type ElfHeader,
  type ProgramHeader,
} from './layout.ts';
import { parseNotes, type FoundNote } from './notes.ts';
import { loadSegments, readSegments } from './segments.ts';

/** Largest PT_NOTE that is read. */
const MAX_NOTES_SIZE = 64 * 1024 * 1024;

export const elfVmcore: DumpFormat = {
  id: 'elf-vmcore',
  title: 'ELF64 vmcore',

  probe(head) {
    if (head.length < 20) return 'no';
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    if (view.getUint32(0, true) !== ELF_MAGIC) return 'no';
    return head[4] === ELFCLASS64 && head[5] === ELFDATA2LSB && view.getUint16(16, true) === ET_CORE ? 'yes' : 'maybe';
  },

  open(source, { progress }) {
    return new Vmcore(source, progress).describe();
  },
};

class Vmcore {
  readonly #source: ByteSource;
  readonly #diagnostics: Diagnostic[] = [];
  readonly #header: ElfHeader;
  readonly #architecture: Architecture | undefined;
  readonly #progress: Progress;

  constructor(source: ByteSource, progress: Progress) {
    this.#source = source;
    this.#progress = progress;
    this.#header = this.#readHeader();
    this.#architecture = findArchitectureByElfMachine(this.#header.machine);
  }

  describe(): OpenedDump {
    const source = this.#source;
    const count = this.#programCount();
    this.#progress.report('reading program headers', 0, source.size);
    const { loads, notes: noteSegments, rejected } = readSegments(source, this.#header.programOffset, count);
    if (rejected > 0) {
      this.#diagnose('data-loss', 'segments-rejected', `${rejected} PT_LOAD segments have impossible addresses or sizes.`, 'They are left out.');
    }
    const notes = this.#readNotes(noteSegments);
    if (notes.some(({ owner, type }) => owner === 'CORE' && (type === NT_FILE || type === NT_AUXV))) {
      throw new WorkbenchError('unsupported', `${source.name}: this is the core of a process (it has an NT_FILE or NT_AUXV note), not a vmcore`, {
        source: source.name,
        hint: 'Cores of QEMU processes are not read yet.',
      });
    }
    const { extents, regions, missing } = loadSegments(loads, source.size);
    if (missing > 0) {
      this.#diagnose(
        'data-loss',
        'file-truncated',
        `The file ends at 0x${source.size.toString(16)}; its segments go on for ${formatSize(missing)}.`,
        'The memory beyond is shown as absent.',
        source.size,
      );
    }
    if (loads.length === 0) this.#diagnose('data-loss', 'no-memory', 'The file has no PT_LOAD segments.', 'There is no memory to look at.');
    const cpus = this.#cpus(notes);
    const vmcoreinfo = notes.find(({ owner }) => owner === VMCOREINFO_OWNER);
    const total = regions.reduce((sum, region) => sum + region.last - region.start + 1, 0);
    const byQemu = notes.some(({ owner }) => owner === 'QEMU');
    const who = byQemu ? "written by QEMU's dump-guest-memory" : 'of a machine';
    return {
      format: 'elf-vmcore',
      formatTitle: elfVmcore.title,
      sentence: `An ELF64 vmcore ${who}, with ${counted(cpus.length, 'CPU')} and ${formatSize(total)} of memory.`,
      layers: [
        {
          title: elfVmcore.title,
          offset: 0,
          length: source.size,
          detail: `${counted(loads.length, 'PT_LOAD segment')}, ${counted(notes.length, 'note')}${
            this.#header.programCount === PN_XNUM ? ', program header count in section 0 (PN_XNUM)' : ''
          }`,
        },
      ],
      architecture: this.#architecture?.id,
      blocks: [],
      regions,
      extents: extents.shared,
      cpus,
      notes: notes.map(({ owner, type, description, source: found }) => ({ owner, type, description, source: found })),
      vmcoreinfo,
      facts: this.#facts(notes, vmcoreinfo),
      diagnostics: this.#diagnostics,
    };
  }

  #readHeader(): ElfHeader {
    const source = this.#source;
    const bytes = new Uint8Array(EHDR_SIZE);
    if (source.read(0, bytes) < EHDR_SIZE) throw this.#problem('ELF header', 'e_ident', 0, `${EHDR_SIZE} bytes`, `a file of ${source.size}`);
    if (bytes[4] !== ELFCLASS64 || bytes[5] !== ELFDATA2LSB) {
      const found = `${bytes[4] === 1 ? 'ELFCLASS32' : `class ${bytes[4]}`}, ${bytes[5] === 2 ? 'big-endian' : `data encoding ${bytes[5]}`}`;
      throw new WorkbenchError('unsupported', `${source.name}: ELF header e_ident at 0x4: expected a little-endian ELF64 file, found ${found}`, {
        source: source.name,
        fileOffset: 4,
      });
    }
    const header = decodeHeader(new DataView(bytes.buffer));
    if (header.type !== ET_CORE) throw this.#problem('ELF header', 'e_type', 16, '4 (ET_CORE)', String(header.type));
    if (header.programEntrySize !== PHDR_SIZE)
      throw this.#problem('ELF header', 'e_phentsize', 54, String(PHDR_SIZE), String(header.programEntrySize));
    return header;
  }

  /** Number of program headers that are really in the file. */
  #programCount(): number {
    const { programCount, programOffset, sectionOffset } = this.#header;
    const source = this.#source;
    let count = programCount;
    if (programCount === PN_XNUM) {
      const section = new Uint8Array(SHDR_SIZE);
      if (source.read(sectionOffset, section) < SHDR_SIZE) {
        throw this.#problem(
          'ELF header',
          'e_shoff',
          40,
          'section header 0, which counts the program headers (PN_XNUM)',
          `0x${sectionOffset.toString(16)}`,
        );
      }
      count = new DataView(section.buffer).getUint32(44, true);
    }
    const room = Math.max(0, Math.floor((source.size - programOffset) / PHDR_SIZE));
    if (count > room) {
      if (room === 0) throw this.#problem('ELF header', 'e_phoff', 32, 'program headers inside the file', `0x${programOffset.toString(16)}`);
      this.#diagnose(
        'data-loss',
        'headers-truncated',
        `The file holds ${room} of ${count} program headers.`,
        'Memory of the others is missing.',
        source.size,
      );
    }
    return Math.min(count, room);
  }

  #readNotes(segments: ProgramHeader[]): FoundNote[] {
    return segments.flatMap(({ offset, fileSize }) => {
      const length = Math.max(0, Math.min(fileSize, this.#source.size - offset, MAX_NOTES_SIZE));
      const bytes = new Uint8Array(length);
      this.#source.read(offset, bytes);
      const { notes, damagedAt } = parseNotes(bytes, offset);
      const cutAt = damagedAt ?? (length < fileSize ? offset + length : undefined);
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
    });
  }

  #cpus(notes: FoundNote[]): CpuState[] {
    const architecture = this.#architecture;
    if (!architecture) {
      this.#diagnose(
        'data-loss',
        'unknown-cpu',
        `CPUs with e_machine ${this.#header.machine} are not decoded yet.`,
        'There are no registers and no page walks; memory can be read.',
        18,
      );
      return [];
    }
    const { cpus, diagnostics } = cpusFromNotes(notes, { architecture, elfMachine: this.#header.machine, source: this.#source.name });
    this.#diagnostics.push(...diagnostics);
    return cpus;
  }

  #facts(notes: FoundNote[], vmcoreinfo: FoundNote | undefined): Fact[] {
    const owners = new Map<string, number>();
    for (const { owner } of notes) owners.set(owner, (owners.get(owner) ?? 0) + 1);
    const list = [...owners].map(([owner, count]) => `${count} ${owner || '(unnamed)'}`).join(', ');
    const facts: Fact[] = [
      { label: 'ELF machine', value: this.#architecture ? this.#architecture.title : String(this.#header.machine), source: 'ELF header, e_machine' },
      { label: 'Notes', value: list || 'none', source: 'PT_NOTE' },
    ];
    return vmcoreinfo ? [...facts, ...vmcoreinfoFacts(vmcoreinfo)] : facts;
  }

  #diagnose(severity: Diagnostic['severity'], code: string, message: string, consequence: string, fileOffset?: number): void {
    this.#diagnostics.push({ severity, code, message, consequence, fileOffset });
  }

  #problem(format: string, field: string, fileOffset: number, expected: string, found: string): DumpFormatError {
    return new DumpFormatError({ format, source: this.#source.name, fileOffset, field, expected, found });
  }
}
