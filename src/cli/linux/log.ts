import { LOG_LIMIT } from '#shared/contract.ts';
import { logLineText } from '#shared/linux-text.ts';
import type { LinuxLogLine } from '#shared/model/index.ts';
import { toJson } from '../json.ts';
import type { LinuxPart } from './part.ts';

const NANOSECONDS = 1e9;

export const log: LinuxPart = {
  async show({ workbench, json, print, note }, dumpId) {
    const lines: LinuxLogLine[] = [];
    let problem: string | undefined;
    for (let from: number | null = 0; from !== null;) {
      const piece: Awaited<ReturnType<typeof workbench.readLinuxLog>> = await workbench.readLinuxLog({ dumpId, from, limit: LOG_LIMIT });
      lines.push(...piece.lines);
      ({ problem } = piece);
      from = piece.next;
    }
    if (json) {
      const shown = lines.map(({ time, ...rest }) => ({ time: Number(time) / NANOSECONDS, ...rest }));
      print(toJson({ lines: shown, problem: problem ?? null }));
      return;
    }
    if (problem !== undefined) note(problem);
    if (lines.length > 0) print(lines.map(logLineText).join('\n'));
  },
};
