// A bare-metal program for QEMU's `virt` machine with a 32-bit CPU: loads the translation registers that a block at 0x41100000 names, says so on the serial port, and turns the MMU on. Whether its
// own code is mapped then does not matter to who asks the monitor.
//
//   arm-linux-gnueabihf-gcc -marm -nostdlib -static -Wl,--build-id=none,-Ttext=0x41000000 arm-tables.S -o arm-tables.elf
//
// The block, all u32: 0 TTBCR  4 TTBR0  8 TTBR1  12 SCTLR
    .arch armv7-a
    .arm
    .globl _start
_start:
    ldr r9, =0x41100000
    ldm r9, {r0, r1, r2, r3}
    mcr p15, 0, r0, c2, c0, 2
    mcr p15, 0, r1, c2, c0, 0
    mcr p15, 0, r2, c2, c0, 1
    mvn r4, #0                  // every domain a manager: rights do not count
    mcr p15, 0, r4, c3, c0, 0
    isb
    ldr r6, =0x09000000
    ldr r7, =text
2:  ldrb r8, [r7], #1
    cmp r8, #0
    beq 3f
    str r8, [r6]
    b 2b
3:  mcr p15, 0, r3, c1, c0, 0
    isb
hang:
    b hang
text: .asciz "TABLES-LOADED\n"
    .align 2
    .ltorg
