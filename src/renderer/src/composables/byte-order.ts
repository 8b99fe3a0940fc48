/** In which order a guest reads the bytes of a number, as its CPU's registers tell. */
import type { CpuView } from '#shared/model/index.ts';

/** MSR.LE of POWER; CPSR.E of 32-bit ARM. */
const MSR_LITTLE = 1n;
const CPSR_BIG = 1n << 9n;

/** True where nothing says otherwise: s390x is always big-endian, POWER and ARM are as they were set. */
export function isLittleEndian(cpu: Pick<CpuView, 'registers'> | undefined): boolean {
  const value = (name: string): bigint | undefined => cpu?.registers.find((register) => register.name === name)?.value;
  if (value('pswm') !== undefined || value('pswa') !== undefined) return false;
  const [msr, cpsr] = [value('msr'), value('cpsr')];
  if (msr !== undefined) return (msr & MSR_LITTLE) !== 0n;
  return cpsr === undefined || value('r12') === undefined || (cpsr & CPSR_BIG) === 0n;
}
