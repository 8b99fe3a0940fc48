/**
 * ELF vmcores of either class and byte order: what QEMU's dump-guest-memory, kdump's /proc/vmcore and makedumpfile -E write. Structures: elf-object/layout.ts.
 *
 * Not supported yet: registers of CPUs other than x86 (their notes are kept as they are). Cores of processes: formats/process-core.
 */
import { formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic, Fact } from '#shared/model/index.ts';
import type { Architecture } from '../../arch/architecture.ts';
import type { CpuState } from '../../arch/cpu-state.ts';
import { findFamilyOfElf, type CpuFamily } from '../../arch/families.ts';
import { ARCHITECTURES } from '../../arch/index.ts';
import { ELF_MAGIC, elfKind, ET_CORE, PN_XNUM, type ElfHeader, type ProgramHeader } from '../../elf-object/layout.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import { cpusFromNotes } from '../cpu-notes.ts';
import type { DumpFormat, OpenContext, OpenedDump } from '../format.ts';
import { VMCOREINFO_OWNER, vmcoreinfoFacts } from '../vmcoreinfo.ts';
import { countPrograms, readHeader } from './header.ts';
import { NT_AUXV, NT_FILE, NT_PRSTATUS } from './layout.ts';
import { readNotes, type FoundNote } from './notes.ts';
import { loadSegments, readSegments, type LoadSegment } from './segments.ts';

/** What QEMU 7.2 and later write as e_ehsize, and nobody else. */
const QEMU_EHSIZE = 8;

export const elfVmcore: DumpFormat = {
  id: 'elf-vmcore',
  title: 'ELF vmcore',

  probe(head) {
    if (head.length < 20) return 'no';
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    if (view.getUint32(0, true) !== ELF_MAGIC) return 'no';
    const kind = elfKind(head[4], head[5]);
    return kind && view.getUint16(16, kind.littleEndian) === ET_CORE ? 'yes' : 'maybe';
  },

  open(source, context) {
    return new Vmcore(source, context).describe();
  },
};

class Vmcore {
  readonly #source: ByteSource;
  readonly #context: OpenContext;
  readonly #diagnostics: Diagnostic[] = [];
  readonly #header: ElfHeader;
  readonly #family: CpuFamily | undefined;

  constructor(source: ByteSource, context: OpenContext) {
    this.#source = source;
    this.#context = context;
    this.#header = readHeader(source, context.start);
    this.#family = findFamilyOfElf(this.#header.machine, this.#header.kind.class.bits);
  }

  describe(): OpenedDump {
    const source = this.#source;
    const { start, progress } = this.#context;
    const { kind, programOffset, programCount } = this.#header;
    const { count, diagnostic } = countPrograms(source, start, this.#header);
    if (diagnostic) this.#diagnostics.push(diagnostic);
    progress.report('reading program headers', 0, source.size);
    const segments = readSegments(source, start, programOffset, count, kind);
    const { loads } = segments;
    const notes = this.#readNotes(segments.notes);
    this.#refuseProcess(notes);
    const { extents, regions, missing, withoutData } = loadSegments(
      loads,
      source.size,
      notes.some(({ owner }) => owner === 'QEMU'),
    );
    this.#diagnoseSegments({ ...segments, missing, withoutData });

    const vmcoreinfo = notes.find(({ owner }) => owner === VMCOREINFO_OWNER);
    const title = this.#title();
    return {
      format: 'elf-vmcore',
      formatTitle: title,
      sentence: this.#sentence(
        notes,
        loads,
        segments.notes,
        regions.reduce((sum, region) => sum + region.last - region.start + 1, 0),
      ),
      layers: [
        {
          title,
          offset: start,
          length: source.size - start,
          detail: `${counted(loads.length, 'PT_LOAD segment')}, ${counted(notes.length, 'note')}${
            programCount === PN_XNUM ? ', program header count in section 0 (PN_XNUM)' : ''
          }`,
        },
      ],
      architecture: this.#family?.id,
      littleEndian: kind.littleEndian,
      blocks: [],
      regions,
      extents: extents.shared,
      cpus: this.#cpus(notes),
      notes: notes.map(({ owner, type, description, source: found }) => ({ owner, type, description, source: found })),
      vmcoreinfo,
      facts: this.#facts(notes, vmcoreinfo),
      diagnostics: this.#diagnostics,
    };
  }

  /** "ELF32 vmcore, big-endian" */
  #title(): string {
    const { class: elfClass, littleEndian } = this.#header.kind;
    return `ELF${elfClass.bits} vmcore${littleEndian ? '' : ', big-endian'}`;
  }

  #sentence(notes: readonly FoundNote[], loads: readonly LoadSegment[], noteSegments: readonly ProgramHeader[], total: number): string {
    const cpus = Math.max(
      notes.filter(({ owner, type }) => owner === 'CORE' && type === NT_PRSTATUS).length,
      notes.filter(({ owner, type }) => owner === 'QEMU' && type === 0).length,
    );
    const { littleEndian } = this.#header.kind;
    const machine = this.#architecture ? '' : ` of ${this.#family ? `a ${this.#family.title}` : 'an unknown'} machine`;
    const what = `An ${this.#title()}${littleEndian ? '' : ','}${machine}${this.#writer(notes, loads, noteSegments)}`;
    return `${what}, with ${counted(cpus, 'CPU')} and ${formatSize(total)} of memory.`;
  }

  /**
   * Whoever left its mark: " written by QEMU's dump-guest-memory"; empty for a file that does not show it. Others keep QEMU's notes, but no memory right behind the notes, at whatever offset,
   * as dump/dump.c (v2.0 to v10.0) has it: ours, in the portable layout, begins on a page.
   */
  #writer(notes: readonly FoundNote[], loads: readonly LoadSegment[], noteSegments: readonly ProgramHeader[]): string {
    if (this.#header.headerSize === QEMU_EHSIZE) return " written by QEMU's dump-guest-memory";
    if (notes.some(({ owner }) => owner === 'QEMU')) {
      const end = Math.max(...noteSegments.map(({ offset, fileSize }) => offset + fileSize));
      return loads.some(({ offset, filtered }) => !filtered && offset === end) ? " written by QEMU's dump-guest-memory" : ' of a QEMU guest';
    }
    // The kernel gives its segments the virtual addresses of its direct map.
    const ofKernel = notes.some(({ owner }) => owner === VMCOREINFO_OWNER) && loads.some(({ virtual, physical }) => virtual !== physical);
    return ofKernel ? ' of a crashed kernel (kdump)' : '';
  }

  #readNotes(segments: readonly ProgramHeader[]): FoundNote[] {
    const { notes, cutAt } = readNotes(this.#source, segments, this.#header.kind.littleEndian);
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

  #refuseProcess(notes: readonly FoundNote[]): void {
    if (!notes.some(({ owner, type }) => owner === 'CORE' && (type === NT_FILE || type === NT_AUXV))) return;
    const { name } = this.#source;
    throw new WorkbenchError('unsupported', `${name}: this is the core of a process (it has an NT_FILE or NT_AUXV note), not a vmcore`, {
      source: name,
      hint: 'Opened as what its content says it is, it shows the guest of a QEMU process, or else the process.',
    });
  }

  #diagnoseSegments(found: { loads: readonly LoadSegment[]; rejected: number; virtualOnly: number; missing: number; withoutData: number }): void {
    const { loads, rejected, virtualOnly, missing, withoutData } = found;
    const { size } = this.#source;
    if (rejected > 0) {
      this.#diagnose('data-loss', 'segments-rejected', `${rejected} PT_LOAD segments have impossible addresses or sizes.`, 'They are left out.');
    }
    if (virtualOnly > 0) {
      this.#diagnose(
        'info',
        'segments-virtual',
        `${counted(virtualOnly, 'PT_LOAD segment')} with a p_paddr of all ones: memory by virtual address alone, as in /proc/kcore.`,
        'It has no place among physical addresses and is not shown.',
      );
    }
    if (missing > 0) {
      this.#diagnose(
        'data-loss',
        'file-truncated',
        `The file ends at 0x${size.toString(16)}; its segments go on for ${formatSize(missing)}.`,
        'The memory beyond is shown as absent.',
        size,
      );
    }
    if (withoutData > 0) {
      this.#diagnose(
        'info',
        'memory-left-out',
        `For ${formatSize(withoutData)} of memory the file has no data (p_memsz is above p_filesz): its writer left it out.`,
        'It is shown as excluded: what it held is not known.',
      );
    }
    if (loads.length === 0) this.#diagnose('data-loss', 'no-memory', 'The file has no PT_LOAD segments.', 'There is no memory to look at.');
  }

  get #architecture(): Architecture | undefined {
    return ARCHITECTURES.find(({ id }) => id === this.#family?.id);
  }

  #cpus(notes: readonly FoundNote[]): CpuState[] {
    const { machine } = this.#header;
    const architecture = this.#architecture;
    if (!architecture) {
      const whose = this.#family ? `a ${this.#family.title} CPU` : `CPUs with e_machine ${machine}`;
      this.#diagnose(
        'info',
        'unknown-cpu',
        `The registers of ${whose} are not decoded yet.`,
        'There are no registers and no page walks; memory can be read, and the notes are kept.',
        this.#context.start + 18,
      );
    }
    const { cpus, diagnostics } = cpusFromNotes(notes, {
      architecture,
      elfMachine: machine,
      littleEndian: this.#header.kind.littleEndian,
      source: this.#source.name,
    });
    this.#diagnostics.push(...diagnostics);
    return cpus;
  }

  #facts(notes: readonly FoundNote[], vmcoreinfo: FoundNote | undefined): Fact[] {
    const owners = new Map<string, number>();
    for (const { owner } of notes) owners.set(owner, (owners.get(owner) ?? 0) + 1);
    const list = [...owners].map(([owner, count]) => `${count} ${owner || '(unnamed)'}`).join(', ');
    const facts: Fact[] = [
      { label: 'ELF machine', value: this.#family?.title ?? String(this.#header.machine), source: 'ELF header, e_machine' },
      { label: 'Notes', value: list || 'none', source: 'PT_NOTE' },
    ];
    return vmcoreinfo ? [...facts, ...vmcoreinfoFacts(vmcoreinfo)] : facts;
  }

  #diagnose(severity: Diagnostic['severity'], code: string, message: string, consequence: string, fileOffset?: number): void {
    this.#diagnostics.push({ severity, code, message, consequence, fileOffset });
  }
}
