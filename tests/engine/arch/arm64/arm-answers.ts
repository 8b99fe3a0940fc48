/** `info registers` of QEMU's ARM targets as data (target/arm/cpu.c, aarch64_cpu_dump_state and arm_cpu_dump_state, QEMU 7.2): lower-case names as the project spells them. */
export function parseArmRegisters(text: string): Record<string, bigint> {
  const found: Record<string, bigint> = {};
  const hex = (digits: string): bigint => BigInt(`0x${digits.replaceAll(':', '')}`);
  for (const [, name = '', value = ''] of text.matchAll(/\b(PC|SP|X\d\d|FPCR|FPSR)=([0-9a-f]+)/g))
    found[name.replace(/X0?/, 'x').toLowerCase()] = hex(value);
  for (const [, value = ''] of text.matchAll(/\bPSTATE=([0-9a-f]+)/g)) found.cpsr = hex(value);
  for (const [, number = '', value = ''] of text.matchAll(/\bQ(\d\d)=([0-9a-f]{16}:[0-9a-f]{16})/g)) found[`v${Number(number)}`] = hex(value);
  for (const [, number = '', value = ''] of text.matchAll(/\bP(\d\d)=([0-9a-f:]+)/g)) found[`p${Number(number)}`] = hex(value);
  for (const [, value = ''] of text.matchAll(/\bFFR=([0-9a-f:]+)/g)) found.ffr = hex(value);
  for (const [, number = '', lines = ''] of text.matchAll(/^Z(\d\d)((?:\s*\[[0-9a-f-]+\]=[0-9a-f:]+)+)/gm))
    found[`z${Number(number)}`] = hex([...lines.matchAll(/=([0-9a-f:]+)/g)].map(([, digits]) => digits).join(''));
  for (const [, number = '', value = ''] of text.matchAll(/\bR(\d\d)=([0-9a-f]{8})/g)) found[SHORT[Number(number)]!] = hex(value);
  for (const [, value = ''] of text.matchAll(/\bPSR=([0-9a-f]{8})/g)) found.cpsr = hex(value);
  for (const [, number = '', value = ''] of text.matchAll(/\bd(\d\d)=([0-9a-f]{16})/g)) found[`d${Number(number)}`] = hex(value);
  for (const [, value = ''] of text.matchAll(/\bFPSCR: ([0-9a-f]{8})/g)) found.fpscr = hex(value);
  return found;
}

const SHORT = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'r9', 'r10', 'r11', 'r12', 'sp', 'lr', 'pc'];
