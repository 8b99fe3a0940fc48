/** DR6 and DR7 bit by bit. Source: Intel SDM vol. 3B, "Debug Registers"; AMD APM vol. 2 section 13.1.1. */
import { field, flag, type BitRow, type BitTable } from '../../bit-table.ts';

const NUMBERS = [3, 2, 1, 0] as const;

export const DR6_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    flag(16, 'RTM', 'Restricted transactional memory', 'the exception came inside a transaction', 'not inside a transaction (as after reset)'),
    flag(15, 'BT', 'Task switch', 'no', 'a task switch with its T bit raised #DB'),
    flag(14, 'BS', 'Single step', 'no', 'RFLAGS.TF raised #DB'),
    flag(13, 'BD', 'Debug register access', 'no', 'an access to a debug register raised #DB'),
    flag(11, 'BLD', 'Bus lock', 'a bus lock raised #DB', 'no (as after reset)'),
    ...NUMBERS.map((n) => flag(n, `B${n}`, `Breakpoint ${n}`, 'not met', `the condition of DR${n} was met`)),
    // After reset DR6 is 0xffff0ff0: these read as 1.
    field(17, 15, 'ones', 'Read as 1', (value) => (value === 0x7fffn ? 'all 1, as they read' : 'not all 1, as they would read on a CPU')),
    field(4, 7, 'ones', 'Read as 1', (value) => (value === 0x7fn ? 'all 1, as they read' : 'not all 1, as they would read on a CPU')),
  ],
};

const CONDITIONS = ['instruction execution', 'data writes', 'I/O', 'data reads and writes'];
const LENGTHS = ['1 byte', '2 bytes', '8 bytes', '4 bytes'];

function breakpointRows(n: number): BitRow[] {
  return [
    field(18 + n * 4, 2, `LEN${n}`, `Length of breakpoint ${n}`, LENGTHS),
    field(16 + n * 4, 2, `RW${n}`, `Condition of breakpoint ${n}`, CONDITIONS),
    flag(n * 2 + 1, `G${n}`, `Breakpoint ${n}, global`, 'off', `the breakpoint at DR${n} is on`),
    flag(n * 2, `L${n}`, `Breakpoint ${n}, local`, 'off', `the breakpoint at DR${n} is on for this task`),
  ];
}

export const DR7_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    ...NUMBERS.flatMap(breakpointRows),
    flag(13, 'GD', 'General detect', 'debug registers can be accessed', 'an access to a debug register raises #DB'),
    flag(11, 'RTM', 'Debugging of transactions', 'off', 'on'),
    { ...flag(10, 'fixed', 'Always 1', 'clear: not possible', 'fixed to 1'), mustBe: 1n },
    flag(9, 'GE', 'Global exact breakpoints', 'off', 'on (no effect since the 486)'),
    flag(8, 'LE', 'Local exact breakpoints', 'off', 'on (no effect since the 486)'),
  ],
};
