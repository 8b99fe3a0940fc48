/**
 * Where memory lies that was plugged in: DIMMs, NVDIMMs, virtio-mem, virtio-pmem. The stream holds no address of a DIMM (pc-dimm has no state, and that
 * of ACPI's memory hot-plug has none in it); virtio-mem has its own in its state; libvirt's XML has all of them.
 *
 * Facts: QEMU hw/mem/memory-device.c memory_device_get_free_addr (first gap that fits, aligned to the backend), hw/virtio/virtio-mem.c
 * vmstate_virtio_mem_sanity_checks (u64 addr, u64 region size, u64 block size, u32 node), libvirt src/qemu/qemu_command.c (backend `mem` + alias).
 */
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { Evidence } from '#shared/model/memory.ts';
import { formatAddress } from '#shared/address-text.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { MemoryDevice } from '../libvirt/domain.ts';
import type { MapPainter } from '../memory/map-painter.ts';
import { listBlocks, plainName, virtioMemoryBlocks, type Block } from './block-kinds.ts';
import type { MachineEvidence } from './machine-evidence.ts';

/** Where a machine plugs memory in. */
export interface PlugArea {
  start: number;
  /** "the next GiB after main memory". */
  rule: string;
}

interface Place {
  start: number;
  evidence: Evidence;
}

/** Backends of anonymous memory are aligned to this on all hosts but s390x (QEMU include/qemu/osdep.h, QEMU_VMALLOC_ALIGN; x86 and ARM). */
const ALIGNMENT = 2 * 2 ** 20;
/** Devices whose states are looked through; QEMU has 256 slots for memory. */
const MAX_STATES = 256;

export function paintPluggedMemory(
  painter: MapPainter,
  evidence: MachineEvidence,
  dimms: readonly Block[],
  area: PlugArea | undefined,
  roles: Map<number, string>,
): Diagnostic[] {
  const virtio = new Map(
    virtioMemoryBlocks(evidence)
      .slice(0, MAX_STATES)
      .map((block) => [block.index, block]),
  );
  const named = new Map(evidence.domain?.devices.map((device) => [`mem${device.alias}`, device]));
  const main = painter.regions();
  // Whoever puts a device over main memory is wrong about it.
  const isFree = (start: number, length: number) =>
    start + length <= PHYSICAL_LIMIT && !main.some((region) => region.start < start + length && region.last >= start);
  const placed: { block: Block; place: Place }[] = [];
  const open: Block[] = [];
  for (const block of [...virtio.values(), ...dimms]) {
    roles.set(block.index, virtio.has(block.index) ? 'memory of a virtio device' : 'plugged-in memory');
    const place = fromState(evidence, virtio.get(block.index)) ?? fromDomain(named, block) ?? fromOffset(block, area);
    if (place && isFree(place.start, block.length)) placed.push({ block, place });
    else open.push(block);
  }
  const diagnostics: Diagnostic[] = open.length > 0 ? [notTold(open, area)] : [];
  const gaps = new FirstFit(placed.map(({ block, place }) => ({ start: place.start, end: place.start + block.length })));
  for (const block of area ? open : []) {
    const text = `Plugged-in memory starts at ${formatAddress(area!.start)}, ${area!.rule}; nothing in the dump says where in that area this block lies.`;
    const start = gaps.take(area!.start, block.length);
    if (start + block.length <= PHYSICAL_LIMIT) placed.push({ block, place: { start, evidence: { strength: 'guessed', text } } });
  }
  for (const { block, place } of placed) {
    painter.paint({ ...place, last: place.start + block.length - 1, block: block.index, blockOffset: 0, readOnly: false });
  }
  return diagnostics;
}

/** Where QEMU puts devices that were given no address: each into the first gap that it fits. */
class FirstFit {
  /** Sorted by start. */
  readonly #taken: { start: number; end: number }[];

  constructor(taken: readonly { start: number; end: number }[]) {
    this.#taken = taken.toSorted((a, b) => a.start - b.start);
  }

  take(from: number, length: number): number {
    const align = (address: number) => Math.ceil(address / ALIGNMENT) * ALIGNMENT;
    const start = this.#taken.reduce((at, taken) => (taken.end > at && taken.start < at + length ? align(taken.end) : at), align(from));
    const after = this.#taken.findIndex((taken) => taken.start > start);
    this.#taken.splice(after < 0 ? this.#taken.length : after, 0, { start, end: start + length });
    return start;
  }
}

/** virtio-mem's own address: in its state, before the size of its region and of its blocks. */
function fromState({ payload }: MachineEvidence, block: (Block & { section: string }) | undefined): Place | undefined {
  const bytes = block && payload(block.section);
  if (!bytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const u64 = (at: number) => view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
  for (let at = 0; at + 28 <= bytes.length; at++) {
    if (view.getUint32(at + 12) !== block.length % 2 ** 32 || u64(at + 8) !== block.length) continue;
    const [start, unit] = [u64(at), u64(at + 16)];
    if (unit < 2 ** 20 || unit > 2 ** 34 || !Number.isInteger(Math.log2(unit)) || start === 0 || start % unit !== 0) continue;
    const text = `The state of ${block.section} holds the address ${formatAddress(start)} before the size of this block.`;
    return { start, evidence: { strength: 'proven', text } };
  }
  return undefined;
}

/** libvirt's XML, by the name that it gives to the backend of a device. */
function fromDomain(named: ReadonlyMap<string, MemoryDevice>, block: Block): Place | undefined {
  const device = named.get(plainName(block.name.replace(/^[^]*\/(?=mem)/, '')));
  if (device?.base === undefined) return undefined;
  const text = `libvirt's XML puts the device ${device.alias} at ${formatAddress(device.base)} (domain/devices/memory, address base).`;
  return { start: device.base, evidence: { strength: 'proven', text } };
}

/** x-ignore-shared: the offset in the area where memory is plugged in. */
function fromOffset({ containerOffset }: Block, area: PlugArea | undefined): Place | undefined {
  if (containerOffset === undefined || !area) return undefined;
  const text = `Offset ${formatAddress(containerOffset)} (x-ignore-shared) in the area at ${formatAddress(area.start)}, ${area.rule}.`;
  return { start: area.start + containerOffset, evidence: { strength: 'derived', text } };
}

function notTold(blocks: readonly Block[], area: PlugArea | undefined): Diagnostic {
  return {
    severity: 'suspect',
    code: 'plugged-memory-guessed',
    message: `Memory was plugged in: ${listBlocks(blocks)}. Neither the stream nor an XML of libvirt tells where.`,
    consequence: area
      ? `It is laid out from ${formatAddress(area.start)} on in this order. Check the map, and correct it where it is otherwise.`
      : 'It is not in the map. Put it where it belongs by a correction.',
  };
}
