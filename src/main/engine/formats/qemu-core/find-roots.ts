/**
 * The variables from which all that is wanted can be reached: `address_space_memory`, `ram_list`, `current_machine`. Distributions export them, for QEMU's modules; where
 * they do not, or the core lacks the tables that say so, what they hold gives them away.
 */
import type { ProcessMemory } from '../process-core/process-memory.ts';
import type { FlatViewReader } from './flat-view.ts';
import type { RamBlockReader } from './host-ram-blocks.ts';
import type { QemuObjects } from './objects.ts';
import type { QemuProgram } from './qemu-program.ts';
import { findPointer } from './variables.ts';

export interface QemuRoots {
  /** The AddressSpace of the system's memory. */
  addressSpace?: number;
  /** The first RAMBlock of the list. */
  firstBlock?: number;
  /** The MachineState. */
  machine?: number;
  /** How they were found. */
  how: string;
}

export interface Readers {
  memory: ProcessMemory;
  objects: QemuObjects;
  blocks: RamBlockReader;
  views: FlatViewReader;
}

/** Name of the address space that CPUs see. */
const SYSTEM_MEMORY = 'memory';
/** Bytes of an AddressSpace before its name: rcu. */
const NAME_OFFSET = 16;
/** Words of RAMList in which its list of blocks may begin: behind a mutex and the block that was used last. */
const RAM_LIST = 160;

export function findRoots(readers: Readers, program: QemuProgram): QemuRoots {
  const exported = exportedRoots(readers, program);
  return exported.addressSpace !== undefined && exported.firstBlock !== undefined
    ? exported
    : { ...searchedRoots(readers, program), ...exported, how: 'found by what they hold' };
}

function exportedRoots({ memory, objects, blocks, views }: Readers, program: QemuProgram): QemuRoots {
  const roots: QemuRoots = { how: "from the executable's symbols" };
  const space = program.find('address_space_memory');
  if (space !== undefined && views.nameOf(space) !== undefined) roots.addressSpace = space;
  const list = program.find('ram_list');
  if (list !== undefined) roots.firstBlock = firstOfList(memory, blocks, list);
  const machine = program.find('current_machine');
  const object = machine === undefined ? undefined : memory.pointer(machine);
  if (object && objects.typeOf(object)?.endsWith('-machine')) roots.machine = object;
  return roots;
}

/** The block that was used last stands before the list: of the blocks that the words lead to, the first in the list has the list's head as le_prev. */
function firstOfList(memory: ProcessMemory, blocks: RamBlockReader, list: number): number | undefined {
  const found: number[] = [];
  for (let offset = 0; offset < RAM_LIST; offset += 8) {
    const block = memory.pointer(list + offset);
    if (!block || !blocks.read(block)) continue;
    if (blocks.isFirst(block, list + offset)) return block;
    found.push(block);
  }
  return found.at(-1);
}

function searchedRoots({ memory, objects, blocks, views }: Readers, program: QemuProgram): QemuRoots {
  const roots: QemuRoots = { how: 'found by what they hold' };
  findPointer(memory, program.data, (where, value) => {
    if (roots.firstBlock === undefined && blocks.isFirst(value, where)) roots.firstBlock = value;
    if (
      roots.addressSpace === undefined &&
      memory.text(value, SYSTEM_MEMORY.length) === SYSTEM_MEMORY &&
      views.nameOf(where - NAME_OFFSET) === SYSTEM_MEMORY
    )
      roots.addressSpace = where - NAME_OFFSET;
    if (roots.machine === undefined && objects.typeOf(value)?.endsWith('-machine')) roots.machine = value;
    return roots.firstBlock !== undefined && roots.addressSpace !== undefined && roots.machine !== undefined;
  });
  return roots;
}
