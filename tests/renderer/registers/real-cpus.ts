/** The CPUs of the first sample dump (tiny.S, whose registers hold their own names), read by the engine; and of what crash printed for a Linux guest. */
import { createApi } from '#shared/contract.ts';
import { callChecked } from '#shared/wire.ts';
import type { CpuView } from '../../../src/shared/model/index.ts';
import { x86_64 } from '../../../src/main/engine/arch/x86-64/index.ts';
import { workbenchOfTests } from '../../contract/workbench-of-tests.ts';
import { copyOfSample } from '../../hosts/sample-dump.ts';

export async function tinyCpus(folder: string): Promise<CpuView[]> {
  const workbench = await workbenchOfTests('in-process', folder);
  try {
    const api = createApi({
      call: (method, argument) => callChecked(workbench, method, argument),
      subscribe: (listener) => workbench.subscribe(listener),
    });
    const { dumpId } = await api.openDump({ location: { kind: 'path', path: copyOfSample(folder) }, jobId: 'registers' });
    return await api.getCpus({ dumpId });
  } finally {
    await workbench.dispose();
  }
}

/** The exception frame that crash 8.0.2 printed (`bt`) for CPU 0 of the lab's x86_64 guest. */
export const CRASH_FRAME = `    RIP: ffffffff8484e8cb  RSP: ffffffff85803e90  RFLAGS: 00000246
    RAX: 000000000001ad40  RBX: 0000000000000000  RCX: 0000000000000001
    RDX: 4000000000000000  RSI: 0000000000000087  RDI: 00000000000021d4
    RBP: ffffffff8581aa40   R8: 0000000000000000   R9: 0000000000000007
    R10: 0000000000000000  R11: 0000000000000001  R12: 0000000000000000
    R13: 0000000000000000  R14: 0000000000000000  R15: 0000000000014790
    CS: 0010  SS: 0018
`;

/** A CPU that holds just what the frame says, in no order. */
export function cpuOfCrashFrame(): CpuView {
  const pairs = [...CRASH_FRAME.matchAll(/(\w+): ([0-9a-f]+)/g)].map(([, name, value]) => [name?.toLowerCase() ?? '', BigInt(`0x${value}`)] as const);
  const source = 'crash';
  const registers = pairs
    .filter(([name]) => name.length > 2 || /^r\d$/.test(name))
    .map(([name, value]) => [name, { value, width: 64, source }] as const);
  const segments = pairs
    .filter(([name]) => name === 'cs' || name === 'ss')
    .map(([name, value]) => [name, { selector: Number(value), base: 0n, limit: 0, flags: 0, source }] as const);
  return x86_64.describeCpu({ index: 0, registers: Object.fromEntries(registers), segments: Object.fromEntries(segments) });
}
