/** The register that a walk starts from, where its source names one ("TTBR1_EL1 of CPU 0"). */
import type { Walk } from '#shared/model/index.ts';

export function rootTitle({ rootSource }: Pick<Walk, 'rootSource'>): string {
  return /^(\S.*?) of CPU \d/.exec(rootSource)?.[1] ?? 'root';
}
