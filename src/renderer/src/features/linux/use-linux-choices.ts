/** What the user chose in the panel, by dump: it may be closed and shown again, and another dump looked at in between. */
import { computed, shallowReactive } from 'vue';
import type { WritableComputedRef } from 'vue';
import { useDumpsStore } from '../../stores/dumps.store.ts';
import type { TaskGrouping } from './task-rows.ts';

export type LinuxTab = 'log' | 'tasks' | 'modules' | 'frame';

export interface LinuxChoices {
  tab: LinuxTab;
  /** Text that lines must hold, and the highest level that is shown. */
  logText: string;
  logLevel: number;
  /** Index of the line that the keyboard stands on; null for the end. */
  logLine: number | null;
  wrap: boolean;
  taskText: string;
  taskState: string;
  kernelThreads: boolean;
  grouping: TaskGrouping;
  /** GVA of the task_struct of the task that is looked at: idle tasks share a PID. */
  task: bigint | null;
  moduleText: string;
}

const START: LinuxChoices = {
  tab: 'log',
  logText: '',
  logLevel: 7,
  logLine: null,
  wrap: true,
  taskText: '',
  taskState: '',
  kernelThreads: true,
  grouping: 'grouped',
  task: null,
  moduleText: '',
};
const byDump = shallowReactive(new Map<string, LinuxChoices>());

export type Choice = <Key extends keyof LinuxChoices>(key: Key) => WritableComputedRef<LinuxChoices[Key]>;

/** One ref a choice, of the active dump. */
export function useLinuxChoices(): Choice {
  const dumps = useDumpsStore();
  return (key) =>
    computed({
      get: () => (byDump.get(dumps.activeId ?? '') ?? START)[key],
      set: (value) => dumps.activeId && byDump.set(dumps.activeId, { ...(byDump.get(dumps.activeId) ?? START), [key]: value }),
    });
}
