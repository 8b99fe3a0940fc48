/** A CPU, its notes and some page tables of a lab guest (tests/fixtures/make-arm.ts). */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Architecture, CpuNote } from '#engine/arch/architecture.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { decodeByDescription } from '#engine/formats/qemu-stream/vm-description.ts';
import { BufferMemory } from '../../translate/buffer-memory.ts';

interface Stored {
  /** QEMU's `info registers`. */
  registers: string;
  sections: { name: string; version: number; bytes: string }[];
  notes: { owner: string; type: number; bytes: string }[];
  vmcoreinfo: string;
  /** Of the process whose addresses `marks` are. */
  root: number;
  mode?: string;
  /** _stext. */
  text: { address: string };
  /** Of /proc/iomem: where RAM and the kernel's code begin. */
  ram: string;
  kernelCode: string;
  /** `physical` is missing for what the process has not mapped. */
  marks: { kind: string; address: string; physical?: number }[];
  /** GPA and bytes of pages that hold tables. */
  pages: [number, string][];
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

export class ArmFixture {
  readonly stored: Stored;

  constructor(guest: 'arm64' | 'arm' | 'arm-lpae') {
    const file = new URL(`../../../fixtures/arm/${guest}.json.gz`, import.meta.url);
    this.stored = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Stored;
  }

  get memory(): BufferMemory {
    return new BufferMemory(this.stored.pages.map(([start, bytes]) => ({ start, bytes: bytesOf(bytes) })));
  }

  get notes(): CpuNote[] {
    return this.stored.notes.map(({ owner, type, bytes }) => ({ owner, type, description: bytesOf(bytes) }));
  }

  get vmcoreinfo(): Map<string, string> {
    return new Map(
      this.stored.vmcoreinfo
        .split('\n')
        .flatMap((line) => (line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const] : [])),
    );
  }

  /** The `cpu` section as bytes. */
  get section(): Uint8Array {
    return bytesOf(this.stored.sections.find(({ name }) => name === 'cpu')!.bytes);
  }

  /** Decoded by the family's built-in description. */
  cpuOfStream(architecture: Architecture): CpuState {
    const { struct, end } = decodeByDescription(this.section, architecture.cpuDescription, 0);
    if (end !== this.section.length) throw new Error(`the layout leaves ${this.section.length - end} bytes`);
    if (!architecture.ownsVmstate(struct)) throw new Error(`${architecture.id} does not own its own section`);
    return architecture.cpuFromVmstate(struct, undefined, 'section cpu (instance 0)', 0);
  }
}
