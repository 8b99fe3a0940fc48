import type { LinuxOverview } from '#shared/model/index.ts';
import { uptimeText } from '#shared/linux-text.ts';
import { toJson } from '../json.ts';
import { textPairs } from '#shared/text-table.ts';
import type { LinuxPart } from './part.ts';

export const overview: LinuxPart = {
  async show({ workbench, json, print, note }, dumpId) {
    const found = await workbench.getLinux({ dumpId });
    if (json) print(toJson(found));
    else {
      for (const problem of found.problems) note(problem);
      print(asText(found));
    }
  },
};

function asText({ sources, ...system }: LinuxOverview): string {
  const pairs: [string, string | number | null][] = [
    ['release', system.release],
    ['version', system.version],
    ['machine', system.machine],
    ['node name', system.nodeName],
    ['time', system.time],
    ['uptime', system.uptime === null ? null : uptimeText(system.uptime)],
    ['panic', system.panic ?? 'none in the log'],
    ['command line', system.commandLine],
    ['CPUs', cpusText(system)],
    ['tasks', system.taskCount],
    ['modules', system.moduleCount],
    ['kernel by', sources.kernel],
    ['symbols by', sources.symbols],
    ['types by', sources.types],
  ];
  return textPairs(pairs.map(([label, value]) => [label, value === null ? 'not known' : String(value)]));
}

function cpusText({ cpuCount, onlineCpuCount }: Pick<LinuxOverview, 'cpuCount' | 'onlineCpuCount'>): string | null {
  if (cpuCount === null || onlineCpuCount === null || cpuCount === onlineCpuCount) return cpuCount === null ? null : `${cpuCount}`;
  return `${cpuCount}, ${onlineCpuCount} of them online`;
}
