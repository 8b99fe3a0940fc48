/** What a session answers of addresses of the virtual machines in its dump, the memory of a KVM host. */
import type { MethodArgument, MethodResults } from '#shared/contract.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { GuestOwnerList, GuestTranslation, GuestWalk, LinuxArea, LinuxPage } from '#shared/model/index.ts';
import type { Architecture } from '../arch/architecture.ts';
import { GuestSpaces } from '../kvm/guest-spaces.ts';
import { translateGuestAddresses, walkGuestAddress, type HostKnowledge } from '../kvm/guest-walk.ts';
import type { KvmMachine } from '../kvm/machine.ts';
import { machineOf, type Machines } from '../kvm/machines.ts';
import { findOwners } from '../kvm/owners.ts';
import { areasOf } from '../linux/areas.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import { describePage } from '../linux/struct-page.ts';
import type { GuestMemory } from '../memory/guest-memory.ts';
import { translationTables } from './translation-root.ts';

type Argument<Name extends keyof MethodResults> = Omit<MethodArgument<Name>, 'dumpId'>;

export interface HostDump {
  /** Throw WorkbenchError `unsupported` where there is no kernel, or what they need of it is not known. */
  kernel(): LinuxKernel;
  machines(): Machines;
  memory: GuestMemory;
  architecture: Architecture | undefined;
}

export class GuestTranslations {
  readonly #host: HostDump;
  readonly #spaces = new Map<KvmMachine, GuestSpaces>();
  readonly #areas = new Map<KvmMachine, readonly LinuxArea[]>();

  constructor(host: HostDump) {
    this.#host = host;
  }

  translate({ vm, space, addresses, ...root }: Argument<'translateGuest'>): GuestTranslation[] {
    return translateGuestAddresses(this.#spacesOf(vm), space, addresses, root);
  }

  walk({ vm, space, address, ...root }: Argument<'walkGuest'>): GuestWalk {
    const spaces = this.#spacesOf(vm);
    return walkGuestAddress(spaces, this.#knowledge(spaces.machine), space, address, root);
  }

  findOwners({ physical }: Argument<'findGuestOwners'>): GuestOwnerList {
    const { memory } = this.#host;
    const { machines, problems } = this.#host.machines();
    const found = machines.map((machine) => findOwners(machine, memory, physical, (hva) => this.#areaOf(machine, hva)));
    return { owners: found.flatMap(({ owners }) => owners), problems: [...problems, ...found.flatMap((each) => each.problems)] };
  }

  #spacesOf(vm: string): GuestSpaces {
    const { architecture, memory } = this.#host;
    const machine = machineOf(this.#host.machines(), vm);
    if (!architecture) throw new WorkbenchError('unsupported', 'page tables of this CPU family are not walked yet');
    let spaces = this.#spaces.get(machine);
    if (!spaces) {
      spaces = guestSpacesOf(machine, memory, architecture);
      this.#spaces.set(machine, spaces);
    }
    return spaces;
  }

  #knowledge(machine: KvmMachine): HostKnowledge {
    const { memory } = this.#host;
    return {
      areaOf: (hva) => this.#areaOf(machine, hva),
      pageOf: (hpa) => this.#pageOf(hpa),
      fileOffsetOf: (hpa) => memory.stretchAt(hpa, 1).fileOffset,
    };
  }

  #areaOf(machine: KvmMachine, hva: bigint): LinuxArea | null {
    let areas = this.#areas.get(machine);
    if (!areas) {
      const { task } = machine;
      areas = (task && whereKnown(() => areasOf(this.#host.kernel(), task)?.areas)) ?? [];
      this.#areas.set(machine, areas);
    }
    return areas.find(({ start, last }) => hva >= start && hva <= last) ?? null;
  }

  #pageOf(hpa: number): LinuxPage | null {
    return whereKnown(() => describePage(this.#host.kernel(), hpa)) ?? null;
  }
}

/** See GuestSpaces. */
export function guestSpacesOf(machine: KvmMachine, memory: GuestMemory, architecture: Architecture): GuestSpaces {
  return new GuestSpaces(machine, {
    memory,
    architecture,
    tablesOf: (cpu, root) => translationTables(architecture, [cpu], root === undefined ? { kind: 'cpu', cpu: cpu.index } : { kind: 'root', root }),
  });
}

/** Undefined where the kernel lacks what is asked for: these answers only go with others. */
function whereKnown<Answer>(ask: () => Answer): Answer | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof WorkbenchError) return undefined;
    throw error;
  }
}
