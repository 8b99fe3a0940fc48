/** One open dump inside one thread: everything that the contract asks of a dump, synchronously. */
import type { MethodArgument, MethodResults } from '#shared/contract.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { CpuView, DeviceSummary, DumpSummary, MemoryMap, RootChoice, RootSearch } from '#shared/model/index.ts';
import { addressBits, lastVirtual } from '#shared/virtual-address.ts';
import type { Architecture } from '../arch/architecture.ts';
import { ARCHITECTURES } from '../arch/index.ts';
import type { ExportSource } from '../export/export-source.ts';
import { planExport } from '../export/plan.ts';
import type { OpenedDump, OpenedRegion, Progress } from '../formats/format.ts';
import { memoryOfDump } from '../formats/dump-memory.ts';
import { describeDevice, listDevices } from '../formats/qemu-stream/device-tree.ts';
import { adoptSource, filesOf, mostData } from '../io/adopt-source.ts';
import type { OpenSource } from '../io/open-source.ts';
import type { GuestMemory } from '../memory/guest-memory.ts';
import { PhysicalRegions } from '../memory/physical-regions.ts';
import { TranslationSpace } from '../translate/translation-space.ts';
import { describeAddress } from './describe-address.ts';
import { openGuestOfHost } from './guest-of-host.ts';
import { GuestTranslations } from './guest-translation.ts';
import { HostSpace } from './host-space.ts';
import { DebugFiles } from './debug-files.ts';
import type { DumpImage } from './dump-image.ts';
import { keptCorrections, MapCorrections, projectPathOf } from './map-corrections.ts';
import { correctRegions, describeMap } from './memory-map.ts';
import { kernelOfDump } from './kernel-of-dump.ts';
import { KvmQueries } from './kvm-queries.ts';
import { writeLayout } from './linux-layout.ts';
import { LinuxQueries } from './linux-queries.ts';
import { openImage, type OpenRequest } from './open-image.ts';
import { lookForRoots } from './look-for-roots.ts';
import { projectPath } from './project-file.ts';
import { readFile, readPhysical, readVirtual } from './read-memory.ts';
import { resolveText } from './resolve-text.ts';
import { SessionExport } from './session-export.ts';
import { summarize } from './summary.ts';
import { rootModesOf, translationTables } from './translation-root.ts';

/** Arguments of a method without the dump's id: a session is one dump. */
type Argument<Name extends keyof MethodResults> = Omit<MethodArgument<Name>, 'dumpId'>;

/** What is asked of the kernel in the dump, of the machines that it runs, and of their addresses. */
interface KernelQueries {
  linux: LinuxQueries;
  kvm: KvmQueries;
  guests: GuestTranslations;
}

export class DumpSession {
  readonly #source: OpenSource;
  readonly #debugFiles: DebugFiles;
  /** As it was opened or adopted; its corrections are the first ones. */
  readonly #image: DumpImage;
  readonly #dump: OpenedDump;
  readonly #memory: GuestMemory;
  readonly #architecture: Architecture | undefined;
  readonly #host: HostSpace | undefined;
  readonly #corrections: MapCorrections;
  readonly export: SessionExport;
  #kernel: KernelQueries;
  /** By root, so that interactive work does not make one per address. */
  readonly #spaces = new Map<string, TranslationSpace>();

  private constructor(source: OpenSource, image: DumpImage, debugFiles: DebugFiles) {
    const { dump } = image;
    this.#source = source;
    this.#debugFiles = debugFiles;
    this.#image = image;
    this.#dump = dump;
    this.#corrections = new MapCorrections(image);
    this.#memory = memoryOfDump(dump, source, this.#corrections.regions);
    this.#architecture = ARCHITECTURES.find(({ id }) => id === dump.architecture);
    this.#host = HostSpace.of(dump, this.#memory);
    this.export = new SessionExport(() => this.#exportSource());
    this.#kernel = this.#kernelQueries();
  }

  static async open(request: OpenRequest, progress: Progress): Promise<DumpSession> {
    // First, as a wrong path should not come out after a long decompression.
    const debugFiles = await DebugFiles.open(request.options.debug ?? [], progress);
    try {
      const { source, image } = await openImage(request, progress);
      try {
        const { vm } = request.options;
        const dump = vm === undefined ? image.dump : openGuestOfHost(correctedHost(image), source, vm, debugFiles.kernelFiles, progress);
        // What stands beside the file is about the guest's map.
        const corrections = dump.space === 'hva' ? [] : keptCorrections(projectPathOf(image), dump);
        return new DumpSession(source, { ...image, dump, corrections, debugFiles: debugFiles.shared }, debugFiles);
      } catch (error) {
        source.close();
        throw error;
      }
    } catch (error) {
      debugFiles.close();
      throw error;
    }
  }

  /** The same dump in another thread. */
  static adopt(image: DumpImage): DumpSession {
    return new DumpSession(adoptSource(image.source), image, DebugFiles.adopt(image.debugFiles));
  }

  get image(): DumpImage {
    return { ...this.#image, corrections: this.#corrections.list };
  }

  close(): void {
    this.#source.close();
    this.#debugFiles.close();
  }

  summary(dumpId: string): DumpSummary {
    const summary = summarize(dumpId, this.#image, this.getMemoryMap(), this.#architecture);
    const { projectFile } = this.#corrections;
    return projectFile === undefined ? summary : { ...summary, projectFile };
  }

  getCpus(): CpuView[] {
    const architecture = this.#architecture;
    return architecture ? this.#dump.cpus.map((cpu) => architecture.describeCpu(cpu)) : [];
  }

  getMemoryMap(): MemoryMap {
    return describeMap(this.#dump, this.#regions, this.#memory.extents, this.#corrections.list);
  }

  listDevices(): DeviceSummary[] {
    return listDevices(this.#source, this.#dump.devices);
  }

  getDevice({ index }: Argument<'getDevice'>): MethodResults['getDevice'] {
    return describeDevice(this.#source, this.#dump.devices, index);
  }

  correctMemoryMap({ corrections, keep = true }: Argument<'correctMemoryMap'>): MemoryMap {
    if (this.#dump.space === 'hva')
      throw new WorkbenchError('bad-request', 'the mappings of a process are as the core has them: there is nothing to correct');
    this.#corrections.replace(corrections, keep);
    this.#memory.regions = new PhysicalRegions(this.#regions);
    return this.getMemoryMap();
  }

  walk({ address, root }: Argument<'walk'>): MethodResults['walk'] {
    const walk = this.#space(root).walk(address);
    const host = walk.result.kind === 'page' ? this.#host?.placeOf(this.#regions, walk.result.physical) : undefined;
    return walk.result.kind === 'page' && host ? { ...walk, result: { ...walk.result, host } } : walk;
  }

  translate({ addresses, root }: Argument<'translate'>): MethodResults['translate'] {
    const space = this.#space(root);
    const host = this.#host;
    if (!host) return addresses.map((address) => space.answer(address));
    return addresses.map((address) => {
      const answer = space.answer(address);
      const place = answer.physical === null ? undefined : host.placeOf(this.#regions, answer.physical);
      return place && answer.physical !== null ? { ...answer, host: place.address } : answer;
    });
  }

  readPageTable({ table, level, virtual, root }: Argument<'readPageTable'>): MethodResults['readPageTable'] {
    return this.#space(root).readPageTable(table, level, virtual);
  }

  listMappings({ from, limit, root }: Argument<'listMappings'>): MethodResults['listMappings'] {
    return this.#space(root).listMappings(from, limit);
  }

  readMemory({ space, address, length, root }: Argument<'readMemory'>): MethodResults['readMemory'] {
    if (space === 'file') return readFile(this.#source, address, length);
    if (this.#dump.space === 'hva' || space === 'hva') {
      if (this.#host) return this.#host.read(address, length);
      throw new WorkbenchError('unsupported', 'host addresses are not in this dump');
    }
    if (space === 'gpa') return readPhysical(this.#memory, address, length);
    return readVirtual(this.#memory, this.#space(root), address, length);
  }

  describeAddress({ space, address, root }: Argument<'describeAddress'>): MethodResults['describeAddress'] {
    const tables = space === 'gva' && this.#canWalk(root) ? this.#space(root) : undefined;
    return describeAddress({ memory: this.#memory, dump: this.#dump, regions: this.#regions, tables, host: this.#host }, space, address);
  }

  resolveText({ text, root }: Argument<'resolveText'>): MethodResults['resolveText'] {
    const cpus = this.getCpus();
    const cpu = root.kind === 'cpu' ? cpus.find(({ index }) => index === root.cpu) : cpus[0];
    const hasTables = this.#canWalk(root);
    const virtualLast = lastVirtual(addressBits(rootModesOf(this.#architecture), hasTables ? this.#space(root).main.mode.id : undefined));
    return resolveText(
      { dump: this.#dump, regions: this.#regions, fileSize: this.#source.size, cpu, hasTables, virtualLast, hasHost: this.#host !== undefined },
      text,
    );
  }

  /** What it finds stays with the dump: CPUs that were completed, VMCOREINFO. */
  findRoots(progress: Progress): RootSearch {
    const { candidates, completed, cpus, vmcoreinfo } = lookForRoots(this.#memory, this.#dump, this.#architecture, progress);
    Object.assign(this.#dump, { cpus, vmcoreinfo });
    this.#spaces.clear();
    this.#kernel = this.#kernelQueries();
    return { candidates, completed };
  }

  getLinux(): MethodResults['getLinux'] {
    return this.#kernel.linux.getOverview();
  }

  readLinuxLog(argument: Argument<'readLinuxLog'>): MethodResults['readLinuxLog'] {
    return this.#kernel.linux.readLog(argument);
  }

  listLinuxTasks(): MethodResults['listLinuxTasks'] {
    return this.#kernel.linux.listTasks();
  }

  listLinuxModules(): MethodResults['listLinuxModules'] {
    return this.#kernel.linux.listModules();
  }

  getLinuxTask(argument: Argument<'getLinuxTask'>): MethodResults['getLinuxTask'] {
    return this.#kernel.linux.getTask(argument);
  }

  getLinuxPage(argument: Argument<'getLinuxPage'>): MethodResults['getLinuxPage'] {
    return this.#kernel.linux.getPage(argument);
  }

  getLinuxLayout(): MethodResults['getLinuxLayout'] {
    return writeLayout({ ...this.#kernel, memory: this.#memory });
  }

  listVms(): MethodResults['listVms'] {
    return this.#kernel.kvm.listVms();
  }

  translateGuest(argument: Argument<'translateGuest'>): MethodResults['translateGuest'] {
    return this.#kernel.guests.translate(argument);
  }

  walkGuest(argument: Argument<'walkGuest'>): MethodResults['walkGuest'] {
    return this.#kernel.guests.walk(argument);
  }

  findGuestOwners(argument: Argument<'findGuestOwners'>): MethodResults['findGuestOwners'] {
    return this.#kernel.guests.findOwners(argument);
  }

  planExport({ options }: Argument<'planExport'>): MethodResults['planExport'] {
    return planExport(this.#exportSource(), options);
  }

  /** Anew where what is known of the dump has grown. */
  #kernelQueries(): KernelQueries {
    const linux = new LinuxQueries(() => kernelOfDump(this.#dump, this.#memory, this.#architecture, this.#debugFiles.kernelFiles));
    const kvm = new KvmQueries(() => linux.kernel);
    const guests = new GuestTranslations({
      kernel: () => linux.kernel,
      machines: () => kvm.machines,
      memory: this.#memory,
      architecture: this.#architecture,
    });
    return { linux, kvm, guests };
  }

  #exportSource(): ExportSource {
    if (this.#dump.space === 'hva') {
      throw new WorkbenchError('unsupported', "a process's memory is not exported: its addresses are no physical ones", {
        hint: 'The guest of a QEMU process is: open the core as its guest.',
      });
    }
    return {
      name: this.#source.name,
      files: [...this.#image.files.map(({ path }) => path), ...filesOf(this.#image.source)],
      mostData: this.#dump.coding ? Infinity : mostData(this.#image.source),
      memory: this.#memory,
      dump: { ...this.#dump, regions: this.#regions },
      architecture: this.#architecture,
    };
  }

  get #regions(): OpenedRegion[] {
    return this.#corrections.regions;
  }

  #canWalk(choice: RootChoice): boolean {
    return (
      this.#architecture !== undefined &&
      this.#dump.space !== 'hva' &&
      (choice.kind === 'root' || this.#dump.cpus.some(({ index }) => index === choice.cpu))
    );
  }

  #space(choice: RootChoice): TranslationSpace {
    if (this.#dump.space === 'hva') {
      throw new WorkbenchError('unsupported', "this is a process: its addresses are virtual ones already, and its page tables are its host's");
    }
    const key = choice.kind === 'cpu' ? `cpu ${choice.cpu} ${choice.regime ?? ''}` : `root ${choice.root} ${choice.mode ?? ''}`;
    let found = this.#spaces.get(key);
    if (!found) {
      found = new TranslationSpace(this.#memory, translationTables(this.#architecture, this.#dump.cpus, choice));
      // Typed-in roots are endless; CPUs are not.
      if (this.#spaces.size > 256) this.#spaces.clear();
      this.#spaces.set(key, found);
    }
    return found;
  }
}

/** The host's dump as the user corrected it, for a guest to be found in. */
function correctedHost(image: Pick<DumpImage, 'files' | 'dump'>): OpenedDump {
  const { dump } = image;
  return { ...dump, regions: correctRegions(dump, keptCorrections(projectPath(image.files[0]!.path), dump)) };
}
