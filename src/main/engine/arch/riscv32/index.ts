/** RISC-V, 32 bits: Sv32, and registers of half the width. */
import { riscvFamily } from '../riscv64/index.ts';

export const riscv32 = riscvFamily({ id: 'riscv32', title: 'RISC-V (32-bit)', bits: 32, rootModes: ['sv32', 'sv32x4'] });
