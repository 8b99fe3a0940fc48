/**
 * Virtio devices on PCI. The stream describes them as one field of type `virtio`; what it holds is worked out here.
 *
 * Facts: QEMU hw/virtio/virtio.c (virtio_save, vmstate_virtio), hw/virtio/virtio-pci.c (virtio_pci_save_config, virtio_pci_save_queue, vmstate_virtio_pci), hw/pci/msix.c
 * (msix_save), v2.3 to v10.0; virtio 1.2, sections 2.1 (status) and 6 (features). Numbers are big-endian, the device's own configuration is as the guest sees it.
 *
 * ```
 * PCIDevice   [MSI-X: 16 bytes a vector, pending bits, u16 configuration vector]
 * u8 status  u8 isr  u16 selected queue  u32 features  u32 length, configuration
 * u32 queues: u32 size  u64 descriptors  u16 last available index  [u16 MSI-X vector]
 * the device's own state   subsections virtio/…
 * ```
 *
 * Not decoded: the device's own state, and devices on virtio-mmio and CCW.
 */
import type { VmDescription, VmFieldDescription } from '../../../arch/vmstate.ts';
import { bitWords, flags, hexOf, oneOf, value, type FieldWords, type StructWords } from './field-words.ts';
import { listCapabilities, msixVectors, PCI_EXPRESS } from './pci-capabilities.ts';

const QUEUE_MAX = 1024;
const SUBSECTION = 0x05;

const number = (name: string, size: 1 | 2 | 4 | 8): VmFieldDescription => ({ name, type: `uint${8 * size}`, size });
const buffer = (name: string, size: number): VmFieldDescription => ({ name, type: 'buffer', size });
const structure = (name: string, fields: VmFieldDescription[]): VmDescription => ({ vmsd_name: name, version: 1, fields });
const nested = (struct: VmDescription, name: string, size: number, count?: number): VmFieldDescription => {
  return { name, type: 'struct', size, struct, ...(count === undefined ? {} : { array_len: count }) };
};

const VIRTQUEUE = structure('virtqueue_state', [number('avail', 8), number('used', 8)]);
const PACKED = structure('packed_virtqueue_state', [
  number('last_avail_idx', 2),
  { name: 'last_avail_wrap_counter', type: 'bool', size: 1 },
  number('used_idx', 2),
  { name: 'used_wrap_counter', type: 'bool', size: 1 },
  number('inuse', 4),
]);
const pair = (name: string): VmFieldDescription => ({ name, type: 'uint32', size: 4, array_len: 2 });
const MODERN_QUEUE = structure('virtio_pci/modern_queue_state', [
  number('num', 2),
  number('unused', 1),
  { name: 'enabled', type: 'bool', size: 1 },
  pair('desc'),
  pair('avail'),
  pair('used'),
]);

/** Arrays have room for every queue that a device may have; only those in use are taken apart. */
const queues = (struct: VmDescription, name: string, size: number, count: number): VmFieldDescription[] => [
  nested(struct, name, size, count),
  buffer('unused', (QUEUE_MAX - count) * size),
];

function subsections(count: number): VmDescription[] {
  const modern = structure('virtio_pci/modern_state', [
    number('dfselect', 4),
    number('gfselect', 4),
    pair('guest_features'),
    ...queues(MODERN_QUEUE, 'vqs', 28, count),
  ]);
  return [
    structure('virtio/device_endian', [number('device_endian', 1)]),
    structure('virtio/64bit_features', [number('guest_features', 8)]),
    structure('virtio/virtqueues', queues(VIRTQUEUE, 'vq', 16, count)),
    structure('virtio/packed_virtqueues', queues(PACKED, 'vq', 10, count)),
    structure('virtio/ringsize', queues(structure('ringsize_state', [number('num_default', 4)]), 'vq', 4, count)),
    structure('virtio/broken', [{ name: 'broken', type: 'bool', size: 1 }]),
    { ...structure('virtio/extra_state', []), subsections: [modern] },
    structure('virtio/started', [{ name: 'started', type: 'bool', size: 1 }]),
    structure('virtio/disabled', [{ name: 'disabled', type: 'bool', size: 1 }]),
  ];
}

/** Where the first subsection starts; the end when there is none. */
function findSubsections(bytes: Uint8Array, from: number, names: readonly string[]): number {
  for (let at = bytes.indexOf(SUBSECTION, from); at >= 0; at = bytes.indexOf(SUBSECTION, at + 1)) {
    const name = new TextDecoder('latin1').decode(bytes.subarray(at + 2, at + 2 + bytes[at + 1]!));
    if (names.includes(name)) return at;
  }
  return bytes.length;
}

const CONFIG_AT = 4;
const IRQ_STATE_SIZE = 16;

function describe(bytes: Uint8Array): VmDescription | undefined {
  if (bytes.length < CONFIG_AT + 256 + IRQ_STATE_SIZE) return undefined;
  const config = bytes.subarray(CONFIG_AT, CONFIG_AT + 256);
  const configSize = listCapabilities(config).some(({ id }) => id === PCI_EXPRESS) ? 4096 : 256;
  const vectors = msixVectors(config);
  const pciSize = CONFIG_AT + configSize + IRQ_STATE_SIZE;
  const pci = structure('PCIDevice', [
    { name: 'version_id', type: 'int32', size: 4 },
    { name: 'config', type: 'pci config', size: configSize },
    { name: 'irq_state', type: 'pci irq state', size: IRQ_STATE_SIZE },
  ]);
  const pendingSize = Math.ceil(vectors / 8);
  const msix = vectors === 0 ? [] : [buffer('msix_table', 16 * vectors), buffer('msix_pba', pendingSize), number('config_vector', 2)];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const lengthAt = pciSize + (vectors === 0 ? 0 : 16 * vectors + pendingSize + 2) + 8;
  if (lengthAt + 4 > bytes.length) return undefined;
  const length = view.getUint32(lengthAt);
  const countAt = lengthAt + 4 + length;
  if (countAt + 4 > bytes.length) return undefined;
  const count = view.getUint32(countAt);
  const queue = structure('virtqueue', [
    number('num', 4),
    number('desc', 8),
    number('last_avail_idx', 2),
    ...(vectors === 0 ? [] : [number('vector', 2)]),
  ]);
  const queueSize = vectors === 0 ? 14 : 16;
  const queuesEnd = countAt + 4 + count * queueSize;
  if (count > QUEUE_MAX || queuesEnd > bytes.length) return undefined;
  const known = subsections(count);
  const ownEnd = findSubsections(
    bytes,
    queuesEnd,
    known.map(({ vmsd_name: name }) => name),
  );
  return {
    ...structure('virtio', [
      nested(pci, 'pci', pciSize),
      ...msix,
      number('status', 1),
      number('isr', 1),
      number('queue_sel', 2),
      number('guest_features', 4),
      number('config_len', 4),
      buffer('config', length),
      number('queues', 4),
      nested(queue, 'vq', queueSize, count),
      buffer('device', ownEnd - queuesEnd),
    ]),
    subsections: known,
  };
}

const STATUS = { 0: 'ACKNOWLEDGE', 1: 'DRIVER', 2: 'DRIVER_OK', 3: 'FEATURES_OK', 6: 'NEEDS_RESET', 7: 'FAILED' };
/** Those that all kinds of device share; the first 24 bits mean something else on each. */
const FEATURES = {
  24: 'NOTIFY_ON_EMPTY',
  27: 'ANY_LAYOUT',
  28: 'INDIRECT_DESC',
  29: 'EVENT_IDX',
  32: 'VERSION_1',
  33: 'ACCESS_PLATFORM',
  34: 'RING_PACKED',
  35: 'IN_ORDER',
  36: 'ORDER_PLATFORM',
  37: 'SR_IOV',
  38: 'NOTIFICATION_DATA',
  40: 'RING_RESET',
};

const NO_VECTOR = 0xffffn;
const VECTOR = value((vector) => (vector === NO_VECTOR ? 'none' : `MSI-X vector ${vector}`));
const FEATURE_BITS = flags(FEATURES, 'none');

export const VIRTIO_WORDS: Readonly<Record<string, StructWords>> = {
  virtio: {
    status: value((status) => (status === 0n ? 'reset: no driver has taken it' : bitWords(status, STATUS, ''))),
    isr: flags({ 0: 'queue', 1: 'configuration' }, 'no interrupt'),
    config_vector: VECTOR,
    guest_features: FEATURE_BITS,
  },
  virtqueue: {
    num: value((entries) => `${entries} entries`),
    desc: value((address) => (address === 0n ? 'not set up' : `descriptors at guest-physical ${hexOf(address)}`)),
    last_avail_idx: value((index) => `next request: number ${index} of the available ring`),
    vector: VECTOR,
  },
  'virtio/device_endian': { device_endian: oneOf({ 0: 'unknown', 1: 'little-endian', 2: 'big-endian' }) },
  'virtio/64bit_features': { guest_features: FEATURE_BITS },
  packed_virtqueue_state: { inuse: value((count) => `${count} requests in flight`) },
};

const VIRTIO: FieldWords = { layout: (bytes, { section }) => (/^[0-9a-f]{4}:/.test(section.name) ? describe(bytes) : undefined) };

export const VIRTIO_TYPES: StructWords = { virtio: VIRTIO };
