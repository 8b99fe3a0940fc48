/** The four address spaces of a virtual machine: GVA by the guest's tables to GPA, by memslots to HVA, by the process's tables to HPA; and from GPA to HPA by the nested tables, which the CPU uses. */
import { WorkbenchError } from '#shared/errors.ts';
import type { NestedTables } from '#shared/model/index.ts';
import type { Architecture } from '../arch/architecture.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import type { PagingMode, PagingOptions, StageTable } from '../translate/paging-mode.ts';
import { Translator } from '../translate/translator.ts';
import { TranslationSpace, type SpaceTable } from '../translate/translation-space.ts';
import type { KvmMachine } from './machine.ts';
import { MemslotMap } from './memslot-map.ts';
import { MemslotMemory } from './memslot-memory.ts';
import { kvmMode } from './spte-format.ts';
import { readSpteMarks, type SpteMarks } from './spte-marks.ts';
import { registersOfVcpu } from './vcpu-registers/index.ts';

/** Which of the guest's own tables: a vCPU's (the first by default), or those of a root typed in, in that vCPU's mode. */
export interface GuestRoot {
  /** vcpu_id. */
  vcpu?: number;
  /** GPA of the guest's top table. */
  root?: number;
}

/** What the host's dump gives. */
export interface HostView {
  memory: PhysicalMemory;
  architecture: Architecture;
  /** The tables of a CPU; with a root, those that it stands for in that CPU's mode. */
  tablesOf(cpu: CpuState, root: number | undefined): SpaceTable[];
}

/** The guest's virtual addresses. */
export interface GuestTables {
  /** vcpu_id. */
  vcpu: number;
  /** Over the guest's memory by memslots. */
  space: TranslationSpace;
  /** As the CPU goes: each of the guest's tables found by the nested ones; undefined for a guest without. */
  twoDimensional: TranslationSpace | undefined;
}

export class GuestSpaces {
  readonly machine: KvmMachine;
  readonly hostMemory: PhysicalMemory;
  readonly #host: HostView;
  /** HVA to HPA. */
  readonly process: TranslationSpace;
  readonly memory: MemslotMemory;
  readonly slots: MemslotMap;
  readonly marks: SpteMarks;
  readonly #tables = new Map<string, GuestTables>();
  readonly #nested = new Map<number, { stage: StageTable; translator: Translator }>();

  /** `addressSpace`: of KVM; 0 but for System Management Mode. Throws WorkbenchError `unsupported` where the process's page tables are not in the dump. */
  constructor(machine: KvmMachine, host: HostView, addressSpace = 0) {
    const process = machine.processSpace?.tables;
    if (!process) throw new WorkbenchError('unsupported', `the page tables of the process of virtual machine ${machine.id} are not in the dump`);
    this.machine = machine;
    const hostMemory = host.memory;
    this.hostMemory = hostMemory;
    this.#host = host;
    this.process = new TranslationSpace(
      hostMemory,
      process.tables.map((table) => toHost(table, machine)),
    );
    this.slots = new MemslotMap(machine.memslots, addressSpace);
    // Processes have the lower half of the addresses.
    this.memory = new MemslotMemory(hostMemory, this.slots, this.process.translatorFor(0n));
    this.marks = readSpteMarks(machine.kvm, machine.struct);
  }

  /** Whether KVM's memory notifier is at work: mmu_invalidate_in_progress since v6.0 (20ec3ebd707c), mmu_notifier_count before. */
  get invalidating(): boolean {
    const { struct } = this.machine;
    const member = ['mmu_invalidate_in_progress', 'mmu_notifier_count'].find((name) => struct.has(name));
    return member !== undefined && (struct.number(member) ?? 0n) !== 0n;
  }

  /** Throws WorkbenchError `bad-request` for a vCPU that there is none of, `unsupported` where what the dump has of it does not tell its tables. */
  tables({ vcpu, root }: GuestRoot): GuestTables {
    const key = `${vcpu ?? ''} ${root ?? ''}`;
    const known = this.#tables.get(key);
    if (known) return known;
    const { id, cpu } = this.#cpu(vcpu, root);
    const own = this.#host.tablesOf(cpu, root).map((table) => ({ ...table, source: table.source.replace('CPU', 'vCPU') }));
    const nested = this.nested(id)?.stage;
    const tables = {
      vcpu: id,
      space: new TranslationSpace(this.memory, own),
      twoDimensional:
        nested &&
        new TranslationSpace(
          this.hostMemory,
          own.map((table) => ({ ...table, options: above(table.options, nested) })),
        ),
    };
    // Typed-in roots are endless.
    if (this.#tables.size > 64) this.#tables.clear();
    this.#tables.set(key, tables);
    return tables;
  }

  /** Throws WorkbenchError `bad-request` for a vCPU that there is none of; where no registers are needed, it need not be readable. */
  requireVcpu(wanted: number): void {
    this.#indexOf(wanted);
  }

  /** The nested tables of a vCPU, or of the machine; undefined where there are none. */
  nested(vcpu?: number): { stage: StageTable; translator: Translator } | undefined {
    const tables = this.#nestedTables(vcpu);
    if (!tables) return undefined;
    let found = this.#nested.get(tables.root);
    if (!found) {
      const mode = this.#nestedMode(tables);
      if (!mode) return undefined;
      const stage: StageTable = { mode, root: tables.root, source: rootSource(tables, this.machine.id), options: {} };
      found = { stage, translator: new Translator(this.hostMemory, mode, tables.root) };
      this.#nested.set(tables.root, found);
    }
    return found;
  }

  #nestedTables(vcpu?: number): NestedTables | undefined {
    const { nested } = this.machine;
    const own = vcpu === undefined ? undefined : nested.find(({ vcpus }) => vcpus.includes(vcpu));
    return own ?? nested.find(({ addressSpace }) => addressSpace === 0) ?? nested[0];
  }

  #nestedMode({ kind, levels }: NestedTables): PagingMode | undefined {
    return levels === 4 || levels === 5 ? kvmMode(this.#host.architecture.pagingMode(`${kind}-${levels}level`), this.marks) : undefined;
  }

  #cpu(wanted: number | undefined, root: number | undefined): { id: number; cpu: CpuState } {
    const { summaries, vcpus, kvm, id: machine } = this.machine;
    const index = this.#indexOf(wanted);
    const { id } = summaries[index]!;
    const { cpu, runsNestedGuest } = registersOfVcpu(kvm, vcpus[index]!, id);
    if (runsNestedGuest && root === undefined) {
      throw new WorkbenchError('unsupported', `vCPU ${id} of ${machine} was running a guest of the guest's own, so its tables are that guest's`, {
        hint: "The guest's own tables can be given as a root.",
      });
    }
    return { id, cpu };
  }

  #indexOf(wanted: number | undefined): number {
    const { summaries, vcpus, id: machine } = this.machine;
    const index = wanted === undefined ? 0 : summaries.findIndex(({ id }) => id === wanted);
    if (vcpus[index]) return index;
    const known = summaries.length === 0 ? 'it has none' : `it has ${summaries.map(({ id }) => id).join(', ')}`;
    throw new WorkbenchError('bad-request', `virtual machine ${machine} has no vCPU ${wanted ?? 0}: ${known}`);
  }
}

function toHost(table: SpaceTable, { pid }: KvmMachine): SpaceTable {
  return { ...table, source: pid === null ? 'mm.pgd' : `mm.pgd of PID ${pid}`, options: { ...table.options, leadsTo: 'HPA' } };
}

/** Tables of the guest, over one more stage. */
function above(options: PagingOptions, nested: StageTable): PagingOptions {
  const { below } = options;
  return { ...options, below: below ? { ...below, options: above(below.options, nested) } : nested };
}

function rootSource({ kind, vcpus }: NestedTables, machine: string): string {
  const of = vcpus.length > 0 ? `vCPU ${vcpus.join(', ')}` : `KVM's list of roots`;
  return `${kind === 'npt' ? 'nested CR3' : 'EPT pointer'} of ${of} of ${machine}`;
}
