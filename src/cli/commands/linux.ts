import type { Command } from '../command.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { layout } from '../linux/layout.ts';
import { log } from '../linux/log.ts';
import { modules } from '../linux/modules.ts';
import { overview } from '../linux/overview.ts';
import { page } from '../linux/page.ts';
import type { LinuxPart } from '../linux/part.ts';
import { task } from '../linux/task.ts';
import { tasks } from '../linux/tasks.ts';
import { openDump } from '../opened-dump.ts';

const PARTS: Readonly<Record<string, LinuxPart>> = { log, tasks, modules, task, page, layout };

export const linux: Command = {
  name: 'linux',
  usage: 'FILE... [log | tasks | modules | task PID|ADDRESS | page ADDRESS | layout]',
  summary: "what a Linux kernel's memory tells of its system",
  details: `Without a word: the kernel, when it was dumped, what it said as it panicked, and how much there is of the rest.
  log            the kernel's log, as dmesg has it
  tasks          every thread, as ps has them; > marks those that a CPU executes
  modules        as lsmod has them
  task PID       one of the tasks: its command line, open files, and the areas of its memory as /proc/PID/maps has them
  task ADDRESS   the same by where its task_struct lies: CPUs' idle tasks all have PID 0
  page ADDRESS   the struct page of the frame that holds a guest-physical address
  layout         where members of the kernel's structs lie, as JSON that --debug takes: other dumps of the same build then need no debug files

Symbols and types come from the dump's own memory (kallsyms, BTF), or from --debug FILE (repeatable): vmlinux and modules with debug information or BTF,
BTF as /sys/kernel/btf has it, a layout. Files of another build are not used, and named.`,
  arity: [1, 3],
  words: Object.keys(PARTS),
  options: {},
  async run(context) {
    const [, word, argument] = context.positionals;
    const part = word === undefined ? overview : PARTS[word]!;
    const extra = context.positionals[part.argument === undefined ? 2 : 3];
    if (extra !== undefined) throw new UsageError(`linux ${word}: unexpected argument ${JSON.stringify(extra)}`);
    if (part.argument !== undefined) {
      if (argument === undefined) throw new UsageError(`linux ${word}: ${part.argument.name} is missing`);
      part.argument.check(argument);
    }
    const { dumpId } = await openDump(context);
    await part.show(context, dumpId, argument ?? '');
    return EXIT.done;
  },
};
