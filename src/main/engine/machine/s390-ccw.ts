/**
 * The guest-physical map of s390-ccw-virtio.
 *
 * Facts: QEMU hw/s390x/s390-virtio-ccw.c s390_memory_init, ccw_init (v2.4 to v10.0): RAM from 0 on in one piece; a prefix area of each CPU swaps the
 * first 8 KiB for a page of its own, which the CPU's prefix register tells and the map does not.
 */
import { mapLinear } from './linear-map.ts';
import type { MachineEvidence, MachineMap } from './machine-evidence.ts';

export function mapS390(evidence: MachineEvidence): MachineMap | undefined {
  const { machine, blocks } = evidence;
  const own = machine === undefined && blocks.some(({ name }) => name === 's390.ram');
  if (!own && !/^(s390-(ccw-)?virtio|s390-ccw)/.test(machine ?? '')) return undefined;
  return mapLinear(evidence, {
    title: 's390-ccw-virtio',
    architecture: 's390x',
    start: 0,
    // Since 9.2 virtio-mem can be plugged in: above main memory, rounded up to a GiB (s390_get_memory_limit).
    plugAlignment: 2 ** 30,
    proof: machine === undefined ? 'block s390.ram' : `machine type ${machine}`,
  });
}
