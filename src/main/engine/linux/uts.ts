/** What `uname` says of the system: init_uts_ns. Facts: Linux include/linux/utsname.h, include/uapi/linux/utsname.h (struct new_utsname: six names of 65 bytes, an interface that cannot change). */
import type { LinuxKernel } from './kernel.ts';

const NAME_SIZE = 65;
const NAMES = ['sysname', 'nodename', 'release', 'version', 'machine', 'domainname'] as const;
/** struct uts_namespace begins with its names since v5.11 (9a56493f6942), with a counter before: for kernels whose types are not known. */
const USUAL_OFFSETS = [0, 4];
/** UTS_SYSNAME (include/linux/uts.h). */
const SYSNAME = 'Linux';

export type SystemNames = Record<(typeof NAMES)[number], string>;

/** Undefined where the dump does not hold them. */
export function readSystemNames(kernel: LinuxKernel): SystemNames | undefined {
  const namespace = kernel.address('init_uts_ns');
  if (namespace === undefined) return undefined;
  const known = kernel.offset('uts_namespace', 'name');
  if (known !== undefined) return namesAt(kernel, namespace + BigInt(known));
  const usual = USUAL_OFFSETS.map((offset) => namesAt(kernel, namespace + BigInt(offset)));
  return usual.find((names) => names?.sysname === SYSNAME);
}

function namesAt({ space }: LinuxKernel, start: bigint): SystemNames | undefined {
  const bytes = space.bytes(start, NAME_SIZE * NAMES.length);
  if (!bytes) return undefined;
  const texts = NAMES.map((name, index) => {
    const text = bytes.subarray(index * NAME_SIZE, (index + 1) * NAME_SIZE);
    const end = text.indexOf(0);
    return [name, new TextDecoder().decode(end < 0 ? text : text.subarray(0, end))];
  });
  return Object.fromEntries(texts) as SystemNames;
}
