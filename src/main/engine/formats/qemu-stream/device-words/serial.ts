/**
 * Serial ports.
 *
 * Facts: National Semiconductor PC16550D data sheet (registers); QEMU hw/char/serial.c (v7.2: the clock is 115,200 Hz times 16); ARM PL011 manual (DDI 0183), UARTFR and UARTCR.
 */
import { bitsOf, flags, isSet, value, type StructWords } from './field-words.ts';

const BASE_BAUD = 115_200;

const INTERRUPTS = { 0: 'modem status', 2: 'transmitter empty', 4: 'data received', 6: 'line status', 12: 'data waits' } as const;

const UART_16550: StructWords = {
  divider: value((divider) => (divider === 0n ? undefined : `${Math.round(BASE_BAUD / Number(divider))} baud`)),
  rbr: value((byte) => (byte > 0x20n && byte < 0x7fn ? JSON.stringify(String.fromCharCode(Number(byte))) : undefined)),
  ier: flags({ 0: 'data received', 1: 'transmitter empty', 2: 'line status', 3: 'modem status' }, 'no interrupts: the guest polls'),
  iir: value((iir) =>
    isSet(iir, 0) ? 'no interrupt pending' : `pending: ${(INTERRUPTS as Record<number, string>)[bitsOf(iir, 3, 0)] ?? 'unknown'}`,
  ),
  lcr: value((lcr) => {
    const parity = isSet(lcr, 3) ? (isSet(lcr, 4) ? 'E' : 'O') : 'N';
    return `${5 + bitsOf(lcr, 1, 0)}${parity}${isSet(lcr, 2) ? 2 : 1}${isSet(lcr, 6) ? ', break' : ''}${isSet(lcr, 7) ? ', divisor latch open' : ''}`;
  }),
  mcr: flags({ 0: 'DTR', 1: 'RTS', 2: 'OUT1', 3: 'OUT2: interrupts reach the controller', 4: 'loopback' }),
  lsr: flags({
    0: 'data ready',
    1: 'overrun',
    2: 'parity error',
    3: 'framing error',
    4: 'break',
    5: 'holding register empty',
    6: 'transmitter empty',
    7: 'FIFO error',
  }),
  msr: flags({ 0: 'CTS changed', 1: 'DSR changed', 2: 'ring ended', 3: 'DCD changed', 4: 'CTS', 5: 'DSR', 6: 'RI', 7: 'DCD' }),
  fcr_vmstate: value((fcr) => (isSet(fcr, 0) ? 'FIFOs on' : 'FIFOs off')),
};

const PL011: StructWords = {
  flags: flags({
    0: 'CTS',
    1: 'DSR',
    2: 'DCD',
    3: 'busy',
    4: 'receive FIFO empty',
    5: 'transmit FIFO full',
    6: 'receive FIFO full',
    7: 'transmit FIFO empty',
  }),
  cr: value((control) => (isSet(control, 0) ? `on${isSet(control, 8) ? ', transmits' : ''}${isSet(control, 9) ? ', receives' : ''}` : 'off')),
};

export const SERIAL_WORDS: Readonly<Record<string, StructWords>> = { serial: UART_16550, pl011: PL011 };
