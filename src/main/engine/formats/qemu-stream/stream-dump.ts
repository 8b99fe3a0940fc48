/** A stream's contents as an opened dump: blocks at their places, CPUs, VMCOREINFO, facts, and what was lost. */
import { formatSize } from '#shared/address-text.ts';
import { counted, grouped } from '#shared/counted.ts';
import type { Diagnostic, Fact } from '#shared/model/index.ts';
import type { Architecture } from '../../arch/architecture.ts';
import type { CpuState } from '../../arch/cpu-state.ts';
import { findFamily } from '../../arch/families.ts';
import { ARCHITECTURES } from '../../arch/index.ts';
import { mapMachine, type MachineEvidence, type MachineMap } from '../../machine/machine-map.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { ExtentTable } from '../../memory/extent-table.ts';
import { GuestMemory } from '../../memory/guest-memory.ts';
import { PhysicalRegions, type PlacedRegion } from '../../memory/physical-regions.ts';
import type { ElfNote, OpenedBlock, OpenedDump, OpenedRegion, OpenContext } from '../format.ts';
import { decoderOf, type Coding } from '../coding.ts';
import { readVmcoreinfo, vmcoreinfoFacts } from '../vmcoreinfo.ts';
import { confirmPlaces, placeFlat, placeLargest } from './block-places.ts';
import { CPU_LAYOUTS, findArchitectureOfCpu } from './cpu-layouts.ts';
import { numberField, StreamDevices, textField } from './devices.ts';
import { COMMANDS, VERSION } from './layout.ts';
import { machineEvidence } from './machine-evidence.ts';
import { diagnosePages } from './page-losses.ts';
import { diagnoseRamFiles, ramFileFacts, takeRamFiles, tellRamFiles, type TakenRam } from './ram-files.ts';
import type { RamReader } from './ram-section.ts';
import type { StreamContents } from './sections.ts';

/** "a pc-i440fx-7.2 machine", or as much of it as is known. */
function machineInWords(name: string | undefined, map: MachineMap | undefined): string {
  if (name !== undefined) return `a ${name} machine`;
  return map ? `a ${map.title} machine of unknown version` : 'a machine of unknown type';
}

export class StreamDump {
  readonly #source: ByteSource;
  readonly #contents: StreamContents;
  readonly #context: OpenContext;
  readonly #ram: RamReader;
  readonly #devices: StreamDevices;
  readonly #extents: ExtentTable;
  /** What the user's files hold of the blocks. */
  readonly #taken: readonly TakenRam[];
  readonly #coding: Coding | undefined;
  readonly #map: MachineMap | undefined;
  /** Id of the CPU family. The stream names none: told by the CPUs' fields, else known with the machine. */
  readonly #family: string | undefined;
  /** Undefined for a family that is not decoded. */
  readonly #architecture: Architecture | undefined;
  readonly #diagnostics: Diagnostic[];

  constructor(source: ByteSource, contents: StreamContents, ram: RamReader, context: OpenContext) {
    this.#source = source;
    this.#contents = contents;
    this.#ram = ram;
    this.#diagnostics = [...contents.diagnostics];
    this.#context = context;
    context.progress.report('indexing RAM pages', source.size, source.size);
    const held = ram.extents.finish((unit, below) => ram.units.link(unit, below));
    const { extents, taken } = takeRamFiles(held, ram.blocks, context.ramFiles ?? []);
    this.#extents = extents;
    this.#taken = taken;
    const units = ram.units.finish();
    this.#coding = units && { kind: 'stream-pages', units };
    this.#devices = new StreamDevices(source, contents, CPU_LAYOUTS);
    this.#map = mapMachine(this.#evidence());
    this.#family = context.architecture ?? this.#familyOfCpus() ?? this.#map?.architecture;
    this.#architecture = ARCHITECTURES.find(({ id }) => id === this.#family);
  }

  describe(title: string): OpenedDump {
    const { configuration } = this.#contents;
    const map = this.#map;
    this.#diagnostics.push(...(map?.diagnostics ?? []));
    const blocks = this.#blocks(map);
    const regions = tellRamFiles(this.#regions(blocks, map), this.#taken);
    const cpus = this.#cpus();
    const vmcoreinfo = this.#vmcoreinfo(regions);
    this.#diagnostics.push(...diagnosePages(this.#contents, this.#ram, this.#extents, this.#taken), ...diagnoseRamFiles(this.#taken));
    const total = regions.reduce((sum, region) => sum + region.last - region.start + 1, 0);
    const machine = configuration.machine ?? (map && `${map.title}, version not in the stream`);
    return {
      format: 'qemu-stream',
      formatTitle: title,
      sentence: `A QEMU migration stream of ${machineInWords(configuration.machine, map)} with ${counted(cpus.length, 'CPU')} and ${formatSize(total)} of memory.`,
      layers: [
        {
          title,
          offset: this.#context.start,
          length: this.#source.size - this.#context.start,
          detail: `version ${VERSION}, ${counted(this.#contents.devices.length, 'device section')}, ${this.#contents.hasFooters ? 'with' : 'without'} footers, ${
            this.#contents.description ? 'with' : 'without'
          } a description of the devices`,
        },
      ],
      machine,
      architecture: this.#family,
      littleEndian: cpus[0]?.littleEndian,
      blocks,
      regions,
      extents: this.#extents.shared,
      coding: this.#coding,
      cpus,
      notes: [],
      vmcoreinfo,
      facts: [...this.#facts(), ...ramFileFacts(this.#taken), ...(vmcoreinfo ? vmcoreinfoFacts(vmcoreinfo) : [])],
      diagnostics: this.#diagnostics,
      devices: { sections: this.#contents.devices, description: this.#contents.description?.devices, builtIn: CPU_LAYOUTS },
    };
  }

  #evidence(): MachineEvidence {
    const { blocks } = this.#ram;
    const end = Math.max(1, ...blocks.map(({ ram, length }) => ram + length));
    let memory: GuestMemory | undefined;
    const ram = () => (memory ??= this.#memory([{ start: 0, last: end - 1, ram: 0 }]));
    const { machine } = this.#contents.configuration;
    return machineEvidence({ machine, blocks, devices: this.#devices, ram, context: this.#context });
  }

  #memory(regions: readonly PlacedRegion[]): GuestMemory {
    const source = this.#context.memory ?? this.#source;
    return new GuestMemory(source, this.#extents, new PhysicalRegions(regions), this.#coding && decoderOf(this.#coding, source));
  }

  #blocks(map: MachineMap | undefined): OpenedBlock[] {
    return this.#ram.blocks.map(({ name, length, ram }, index) => ({ name, length, ram, role: map?.roles.get(index) }));
  }

  #regions(blocks: OpenedBlock[], map: MachineMap | undefined): OpenedRegion[] {
    if (map) {
      const regions = map.regions.map((region) => ({ ...region, ram: blocks[region.block]!.ram + region.blockOffset }));
      return confirmPlaces(regions, this.#ram.blocks);
    }
    const [flat] = this.#ram.isFlat ? blocks : [];
    this.#diagnostics.push({
      severity: 'suspect',
      code: 'unknown-machine',
      message: flat
        ? 'QEMU up to 0.12 saved memory without the names of its blocks, and the stream does not say of which machine it is.'
        : `The machine type ${this.#contents.configuration.machine ?? '(not in the stream)'} is not known, so the places of its RAM blocks are not either.`,
      consequence: `${flat ? 'Memory is shown as a PC of that time had it.' : 'The largest block is shown from address 0.'} Correct the map before relying on any address.`,
    });
    return flat ? placeFlat(flat) : placeLargest(blocks);
  }

  #familyOfCpus(): string | undefined {
    const section = this.#devices.sections('cpu')[0];
    const cpu = section && this.#devices.decode(section);
    return cpu && findArchitectureOfCpu(cpu)?.id;
  }

  #cpus(): CpuState[] {
    const architecture = this.#architecture;
    const sections = this.#devices.sections('cpu').sort((a, b) => a.instance - b.instance);
    if (!architecture || sections.length === 0) {
      this.#diagnostics.push({
        severity: 'data-loss',
        code: 'no-cpus',
        message:
          sections.length > 0
            ? `${counted(sections.length, 'CPU')} of the family ${findFamily(this.#family)?.title ?? '(not known)'}: registers are not decoded yet.`
            : 'The stream holds no CPU state.',
        consequence: 'There are no registers, so virtual addresses need a root typed in.',
      });
      return [];
    }
    return sections.flatMap((section) => {
      const cpu = this.#devices.decode(section);
      const common = this.#devices.sections('cpu_common').find(({ instance }) => instance === section.instance);
      if (cpu) {
        const where = `section cpu (instance ${section.instance})`;
        return [architecture.cpuFromVmstate(cpu, common && this.#devices.decode(common), where, section.instance)];
      }
      this.#diagnostics.push({
        severity: 'data-loss',
        code: 'cpu-undecoded',
        message: `The state of CPU ${section.instance} (section version ${section.version}, ${section.end - section.start} bytes) fits no known layout.`,
        consequence: 'Its registers are missing.',
        fileOffset: section.start,
      });
      return [];
    });
  }

  /** The vmcoreinfo device's state names the note in guest memory (QEMU hw/misc/vmcoreinfo.c; format 1 is ELF). */
  #vmcoreinfo(regions: OpenedRegion[]): ElfNote | undefined {
    const section = this.#devices.sections('vmcoreinfo')[0];
    const state = section && this.#devices.decode(section);
    if (!state || !numberField(state, 'has_vmcoreinfo') || numberField(state, 'vmcoreinfo.guest_format') !== 1) return undefined;
    const address = numberField(state, 'vmcoreinfo.paddr') ?? 0;
    const size = numberField(state, 'vmcoreinfo.size') ?? 0;
    const memory = this.#memory(regions);
    const note = readVmcoreinfo(memory, address, size, `vmcoreinfo device, GPA 0x${address.toString(16)}`);
    if (!note) {
      this.#diagnostics.push({
        severity: 'suspect',
        code: 'vmcoreinfo-unreadable',
        message: `The vmcoreinfo device says that a note of ${size} bytes is at GPA 0x${address.toString(16)}; there is none.`,
        consequence: 'Either the guest-physical map is wrong, or that memory is not in the dump.',
      });
    }
    return note;
  }

  #facts(): Fact[] {
    const { configuration, description, commands } = this.#contents;
    const { records } = this.#ram;
    const global = this.#devices.sections('globalstate')[0];
    const state = global && this.#devices.decode(global);
    const runState = state && textField(state, 'runstate');
    const facts: (Fact | undefined)[] = [
      configuration.machine === undefined ? undefined : { label: 'Machine type', value: configuration.machine, source: 'configuration section' },
      runState === undefined ? undefined : { label: 'Run state when saved', value: runState, source: 'section globalstate' },
      configuration.uuid && { label: 'UUID', value: formatUuid(configuration.uuid), source: 'configuration/uuid' },
      configuration.capabilities.length === 0
        ? undefined
        : { label: 'Migration capabilities', value: configuration.capabilities.join(', '), source: 'configuration/capabilities' },
      {
        label: 'RAM records',
        value: Object.entries(records)
          .filter(([, count]) => count > 0)
          .map(([kind, count]) => `${grouped(count)} ${kind}`)
          .join(', '),
        source: 'RAM section',
      },
      commands.size === 0
        ? undefined
        : {
            label: 'Commands',
            value: [...commands].map(([command, count]) => `${COMMANDS[command] ?? `number ${command}`}${count > 1 ? ` (${count})` : ''}`).join(', '),
            source: 'COMMAND sections',
          },
      configuration.unknown.length === 0
        ? undefined
        : { label: 'Not read of the configuration', value: configuration.unknown.join(', '), source: 'configuration section' },
      {
        label: 'Device description',
        value: description ? counted(description.devices.length, 'device') : 'none',
        source: 'JSON after the EOF section',
      },
    ];
    return facts.filter((fact) => fact !== undefined);
  }
}

function formatUuid(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
