// A bare-metal AArch64 program for QEMU's `virt` machine with virtualization=on: loads the translation registers that a block at 0x40100000 names, says so on the serial port, and waits at the
// exception level that the block names. Whether its own code is mapped then does not matter to who asks the monitor.
//
//   aarch64-linux-gnu-gcc -nostdlib -static -Wl,-Ttext=0x40080000 arm64-tables.S -o arm64-tables.elf
//
// The block, all u64: 0 level (1 or 2)  8 HCR_EL2  16 VTTBR_EL2  24 VTCR_EL2  32 TTBR0_EL1  40 TTBR1_EL1  48 TCR_EL1  56 SCTLR_EL1  64 TTBR0_EL2  72 TTBR1_EL2  80 TCR_EL2  88 SCTLR_EL2
    .arch armv8.2-a
    .globl _start
_start:
    mov x20, #0x40100000
    adr x0, hang
    and x0, x0, #~0x7ff
    msr vbar_el2, x0
    msr vbar_el1, x0
    // EL1's registers while EL2 does not yet stand for it (HCR_EL2.E2H).
    mov x0, #(1 << 31)
    msr hcr_el2, x0
    isb
    ldp x0, x1, [x20, #32]
    msr ttbr0_el1, x0
    msr ttbr1_el1, x1
    ldp x0, x21, [x20, #48]
    msr tcr_el1, x0
    msr sctlr_el1, x21
    ldp x0, x1, [x20, #16]
    msr vttbr_el2, x0
    msr vtcr_el2, x1
    ldr x0, [x20, #8]
    ldp x2, x3, [x20, #64]
    ldp x4, x5, [x20, #80]
    msr hcr_el2, x0
    isb
    msr ttbr0_el2, x2
    tbz x0, #34, 1f
    msr s3_4_c2_c0_1, x3        // TTBR1_EL2
1:  msr tcr_el2, x4
    isb
    // The serial port is still where it is.
    mov x6, #0x09000000
    adr x7, text
2:  ldrb w8, [x7], #1
    cbz w8, 3f
    str w8, [x6]
    b 2b
3:  ldr x9, [x20]
    cmp x9, #2
    b.eq 4f
    mov x10, #0x3c5             // EL1h, all interrupts held back
    msr spsr_el2, x10
    adr x10, hang
    msr elr_el2, x10
    eret
4:  msr sctlr_el2, x5
    isb
hang:
    b hang
text: .asciz "TABLES-LOADED\n"
