/**
 * The list of capabilities in a PCI configuration space.
 *
 * Facts: PCI Local Bus Specification 3.0, sections 6.7 and 6.8 (MSI, MSI-X), appendix H (ids); PCI Express Base 3.0, section 7.8.
 */

const NAMES: Readonly<Record<number, string>> = {
  0x01: 'power management',
  0x02: 'AGP',
  0x03: 'vital product data',
  0x04: 'slot id',
  0x05: 'MSI',
  0x08: 'HyperTransport',
  0x09: 'vendor-specific',
  0x0c: 'hot plug',
  0x0d: 'subsystem id',
  0x10: 'PCI Express',
  0x11: 'MSI-X',
  0x12: 'SATA',
  0x13: 'advanced features',
};

const POINTER = 0x34;
const STATUS = 0x06;
const HAS_CAPABILITIES = 0x10;
export const PCI_EXPRESS = 0x10;
export const MSI_X = 0x11;
/** More than fit into 192 bytes of 4 each: a list that is longer runs in a circle. */
const MAX = 48;

export interface Capability {
  id: number;
  /** Offset in the configuration space. */
  at: number;
}

/** The capabilities in the list's order, as far as it makes sense. `config` has 256 bytes or more. */
export function listCapabilities(config: Uint8Array): Capability[] {
  if (!(config[STATUS]! & HAS_CAPABILITIES)) return [];
  const found: Capability[] = [];
  for (let at = config[POINTER]! & ~3; at >= 0x40 && found.length < MAX; at = config[at + 1]! & ~3) found.push({ id: config[at]!, at });
  return found;
}

/** Vectors of the MSI-X table; 0 without one. */
export function msixVectors(config: Uint8Array): number {
  const msix = listCapabilities(config).find(({ id }) => id === MSI_X);
  return msix ? ((config[msix.at + 2]! | (config[msix.at + 3]! << 8)) & 0x7ff) + 1 : 0;
}

function detail(config: Uint8Array, { id, at }: Capability): string {
  if (id === 0x05) return config[at + 2]! & 1 ? ' on' : ' off';
  if (id !== MSI_X) return '';
  const control = config[at + 3]!;
  return ` ${control & 0x80 ? 'on' : 'off'}${control & 0x40 ? ', all masked' : ''}, ${msixVectors(config)} vectors`;
}

/** "MSI-X at 0x98 on, 4 vectors; PCI Express at 0x40". */
export function capabilityWords(config: Uint8Array): string {
  const words = listCapabilities(config).map(
    (capability) => `${NAMES[capability.id] ?? `capability ${capability.id}`} at 0x${capability.at.toString(16)}${detail(config, capability)}`,
  );
  return words.length === 0 ? 'no capabilities' : words.join('; ');
}
