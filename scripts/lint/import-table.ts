/**
 * Which folder may import which: the architecture as data. The lint rule beside this file enforces it, ARCHITECTURE.md quotes it.
 *
 * A file belongs to the longest folder here that holds it, and may always import from that folder. `folders` are the other folders it may import
 * from (a folder stands for everything below it; a single file may stand for a folder), `packages` the packages; `node:*` stands for Node's own modules. Type imports count like any other.
 */
export interface ImportRule {
  folders: readonly string[];
  packages: readonly string[];
}

const ENGINE = 'src/main/engine';
const NODE = 'node:*';
const PAGE = ['vue', 'pinia', 'reka-ui', '@lucide/vue', '@tanstack/vue-virtual'];

export const IMPORT_TABLE: Readonly<Record<string, ImportRule>> = {
  // What crosses a process boundary.
  'src/shared': { folders: [], packages: ['valibot'] },

  // The engine, in the order of the way of the data: a later stage may look at an earlier one, never the other way round.
  [`${ENGINE}/memory`]: { folders: ['src/shared'], packages: [] },
  // paging-mode.ts is the form in which a CPU family describes its page tables to the walker.
  [`${ENGINE}/arch`]: {
    folders: ['src/shared', `${ENGINE}/memory`, `${ENGINE}/translate/paging-mode.ts`, `${ENGINE}/translate/encryption-bit.ts`],
    packages: [],
  },
  [`${ENGINE}/translate`]: { folders: ['src/shared', `${ENGINE}/memory`, `${ENGINE}/arch`], packages: [] },
  // What libvirt's XML says of a guest: shown by the container that carries it, and evidence for the machine's map.
  [`${ENGINE}/libvirt`]: { folders: ['src/shared'], packages: [] },
  // What a machine type (pc, q35) says about where its RAM lies.
  [`${ENGINE}/machine`]: { folders: ['src/shared', `${ENGINE}/memory`, `${ENGINE}/arch`, `${ENGINE}/libvirt`], packages: [] },
  // Decoders of compressed units: bytes in, bytes out.
  [`${ENGINE}/codecs`]: { folders: ['src/shared', `${ENGINE}/memory`], packages: [NODE] },
  [`${ENGINE}/io`]: { folders: ['src/shared', `${ENGINE}/memory`, `${ENGINE}/codecs`], packages: [NODE, 'koffi'] },
  [`${ENGINE}/containers`]: {
    folders: ['src/shared', `${ENGINE}/memory`, `${ENGINE}/codecs`, `${ENGINE}/io`, `${ENGINE}/libvirt`],
    packages: [NODE, 'xz-decompress'],
  },
  // ELF files that are no dumps: executables, libraries, modules, debug files; formats/elf shares their structures.
  [`${ENGINE}/elf-object`]: { folders: ['src/shared', `${ENGINE}/memory`, `${ENGINE}/codecs`], packages: [NODE] },
  // Debug information: structure layouts, types and addresses of variables by name.
  [`${ENGINE}/dwarf`]: { folders: ['src/shared', `${ENGINE}/memory`, `${ENGINE}/elf-object`], packages: [] },
  // The same of a kernel's own types. What a type is, both share.
  [`${ENGINE}/btf`]: { folders: ['src/shared', `${ENGINE}/dwarf/type-model.ts`, `${ENGINE}/dwarf/member-path.ts`], packages: [] },
  [`${ENGINE}/formats`]: {
    folders: [
      'src/shared',
      `${ENGINE}/memory`,
      `${ENGINE}/codecs`,
      `${ENGINE}/elf-object`,
      `${ENGINE}/dwarf`,
      `${ENGINE}/arch`,
      `${ENGINE}/machine`,
      `${ENGINE}/libvirt`,
      `${ENGINE}/io`,
      `${ENGINE}/containers`,
    ],
    packages: [NODE],
  },
  // Looks for page tables in memory that came without registers, so it has to know what one looks like.
  [`${ENGINE}/formats/raw`]: {
    folders: ['src/shared', `${ENGINE}/memory`, `${ENGINE}/arch`, `${ENGINE}/translate`, `${ENGINE}/formats`],
    packages: [],
  },
  [`${ENGINE}/linux`]: {
    folders: ['src/shared', `${ENGINE}/memory`, `${ENGINE}/arch`, `${ENGINE}/translate`, `${ENGINE}/dwarf`, `${ENGINE}/btf`],
    packages: [],
  },
  // Virtual machines in the memory of a Linux kernel that is their host.
  [`${ENGINE}/kvm`]: {
    folders: [
      'src/shared',
      `${ENGINE}/memory`,
      `${ENGINE}/arch`,
      `${ENGINE}/translate`,
      `${ENGINE}/dwarf/type-model.ts`,
      `${ENGINE}/btf`,
      `${ENGINE}/linux`,
    ],
    packages: [],
  },
  // Files that a user gives of a kernel: its image, modules, BTF, layouts, as types and symbols.
  [`${ENGINE}/kernel-files`]: {
    folders: ['src/shared', `${ENGINE}/memory`, `${ENGINE}/elf-object`, `${ENGINE}/dwarf`, `${ENGINE}/btf`, `${ENGINE}/linux`],
    packages: [],
  },
  // A virtual machine in a host's memory, as a dump of its own.
  [`${ENGINE}/kvm-guest`]: {
    folders: ['src/shared', `${ENGINE}/memory`, `${ENGINE}/arch`, `${ENGINE}/translate`, `${ENGINE}/linux`, `${ENGINE}/kvm`, `${ENGINE}/formats`],
    packages: [],
  },
  [`${ENGINE}/export`]: {
    folders: [
      'src/shared',
      `${ENGINE}/memory`,
      `${ENGINE}/codecs`,
      `${ENGINE}/elf-object`,
      `${ENGINE}/arch`,
      `${ENGINE}/translate`,
      `${ENGINE}/io`,
      `${ENGINE}/formats`,
      `${ENGINE}/linux`,
    ],
    packages: [NODE],
  },
  // One open dump, and the worker around it: what puts the stages together.
  [ENGINE]: { folders: ['src/shared'], packages: [NODE, 'valibot'] },

  // The hosts.
  'src/main/workbench': { folders: ['src/shared', ENGINE], packages: [NODE, 'valibot'] },
  'src/main/server': { folders: ['src/shared', 'src/main/workbench'], packages: [NODE, 'ws'] },
  'src/main/desktop': { folders: ['src/shared', 'src/main/workbench'], packages: [NODE, 'valibot', 'electron'] },
  // Composition root of the desktop app; the worker's module path is all it takes from the engine.
  'src/main': { folders: ['src/shared', ENGINE, 'src/main/workbench', 'src/main/desktop'], packages: [NODE, 'electron'] },
  'src/cli': { folders: ['src/shared', ENGINE, 'src/main/workbench', 'src/main/server', 'package.json'], packages: [NODE] },
  'src/preload': { folders: ['src/shared'], packages: ['electron'] },

  // The page.
  // The list of panels: their names, which the stores keep, and how each is loaded.
  'src/renderer/src/panels.ts': {
    folders: ['src/shared', 'src/renderer/src/components', 'src/renderer/src/features'],
    packages: PAGE,
  },
  'src/renderer/src/api': { folders: ['src/shared'], packages: ['vue'] },
  'src/renderer/src/composables': {
    folders: ['src/shared', 'src/renderer/src/api', 'src/renderer/src/stores', 'src/renderer/src/panels.ts'],
    packages: PAGE,
  },
  'src/renderer/src/stores': {
    folders: ['src/shared', 'src/renderer/src/api', 'src/renderer/src/composables', 'src/renderer/src/panels.ts'],
    packages: PAGE,
  },
  // Props in, events out: no store, no workbench.
  'src/renderer/src/components': { folders: ['src/shared', 'src/renderer/src/composables'], packages: PAGE },
  // Checks the tours that ship with the app.
  'src/renderer/src/features/walkthrough': {
    folders: [
      'src/shared',
      'src/renderer/src/api',
      'src/renderer/src/components',
      'src/renderer/src/composables',
      'src/renderer/src/stores',
      'src/renderer/src/panels.ts',
    ],
    packages: [...PAGE, 'valibot'],
  },
  'src/renderer': { folders: ['src/shared'], packages: [...PAGE, 'dockview-vue', '@fontsource/jetbrains-mono'] },
};
