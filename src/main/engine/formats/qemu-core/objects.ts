/**
 * QEMU's objects, which say of what type they are: Object.class → ObjectClass.type → TypeImpl.name, each the first member of its structure
 * (QEMU include/qom/object.h and qom/object.c; so since 1.2). Type names are on the heap, so every core has them.
 */
import type { ProcessMemory } from '../process-core/process-memory.ts';

/** Bytes of struct Object on a 64-bit host: class, free, properties, ref, parent. */
export const OBJECT_SIZE = 40;
const MAX_TYPE_NAME = 128;

export class QemuObjects {
  readonly #memory: ProcessMemory;
  /** By class. */
  readonly #names = new Map<number, string | undefined>();

  constructor(memory: ProcessMemory) {
    this.#memory = memory;
  }

  /** `memory-region`, `max-x86_64-cpu`, `pc-i440fx-7.2-machine`; undefined for what is no object. */
  typeOf(object: number): string | undefined {
    const type = this.#memory.pointer(object);
    if (!type) return undefined;
    if (!this.#names.has(type)) this.#names.set(type, this.#typeOfClass(type));
    return this.#names.get(type);
  }

  #typeOfClass(type: number): string | undefined {
    const implementation = this.#memory.pointer(type);
    return implementation ? this.#memory.textAt(implementation, MAX_TYPE_NAME) : undefined;
  }

  /** The first object of a type that ends with `suffix` among the pointers in `length` bytes at `at`. */
  pointedTo(at: number, length: number, suffix: string): { object: number; type: string } | undefined {
    for (let offset = 0; offset < length; offset += 8) {
      const object = this.#memory.pointer(at + offset);
      const type = object ? this.typeOf(object) : undefined;
      if (object && type?.endsWith(suffix)) return { object, type };
    }
    return undefined;
  }
}

/** TYPE_MEMORY_REGION: "qemu:memory-region" up to QEMU 5.0. */
export const isMemoryRegion = (type: string | undefined): boolean => type === 'memory-region' || type === 'qemu:memory-region';
