/** The bare-metal guests (tests/fixtures/riscv64/bare.S): their dumps, and what QEMU says of them. */
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { riscv64 } from '#engine/arch/riscv64/index.ts';
import { translationTables } from '#engine/session/translation-root.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { readOracle, type Oracle } from '../../../fixtures/fixture.ts';
import { openFixture, type Opened } from '../../formats/open-bytes.ts';

export const ONE_STAGE = ['sv39', 'sv48', 'sv57'];
export const TWO_STAGES = ['sv39-sv39x4', 'sv48-sv48x4', 'sv57-sv57x4', 'sv39-sv57x4'];

export interface BareGuest extends Opened {
  oracle: Required<Pick<Oracle, 'cpus' | 'translations'>> & Oracle;
}

export function bareGuest(name: string, file = 'stream.qevm'): BareGuest {
  return { ...openFixture(`riscv64/${name}/${file}`), oracle: readOracle(`riscv64/${name}`) as BareGuest['oracle'] };
}

export function spaceOf({ memory, dump }: Opened, cpu = 0, regime?: string): TranslationSpace {
  return new TranslationSpace(memory, translationTables(riscv64, dump.cpus, { kind: 'cpu', cpu, regime }));
}

/** `info registers` (target/riscv/cpu.c, riscv_cpu_dump_state, QEMU 7.2): registers by the project's names. */
export function parseInfoRegisters(text: string): Map<string, bigint> {
  const registers = new Map<string, bigint>();
  for (const [, name = '', alias, value = ''] of text.matchAll(/\b([a-z]\w*)(?:\/(\w+))? +([0-9a-f]{8,16})\b/g)) {
    const shown = alias ?? name;
    if (shown !== 'zero') registers.set(shown === 's0' ? 'fp' : shown, BigInt(`0x${value}`));
  }
  const virtualized = / V {6}= +(\d)/.exec(text);
  if (virtualized) registers.set('virt', BigInt(virtualized[1]!));
  return registers;
}

export const valuesOf = ({ registers }: CpuState): Map<string, bigint> =>
  new Map(Object.entries(registers).map(([name, { value }]) => [name, value]));
