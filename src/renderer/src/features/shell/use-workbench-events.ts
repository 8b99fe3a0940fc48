/** Brings the workbench's events to the stores, and keeps the stores right when a lost connection comes back. */
import { onUnmounted, watch } from 'vue';
import type { WorkbenchEvent } from '#shared/contract.ts';
import { connection, useWorkbench } from '../../api/workbench.ts';
import { useDumpsStore } from '../../stores/dumps.store.ts';
import { useJobsStore } from '../../stores/jobs.store.ts';
import { useShellStore } from '../../stores/shell.store.ts';
import type { Command } from './use-commands.ts';

export function useWorkbenchEvents(commands: readonly Command[]): void {
  const dumps = useDumpsStore();
  const jobs = useJobsStore();
  const shell = useShellStore();

  function receive(event: WorkbenchEvent): void {
    switch (event.type) {
      case 'job':
        jobs.receive(event.progress);
        break;
      case 'command': {
        const command = commands.find((candidate) => candidate.id === event.command);
        if (command?.enabled()) void command.run();
        break;
      }
      case 'open-request':
        void shell.openDump(event.location, event.options);
        break;
      case 'recent-changed':
        void shell.refreshRecent();
        break;
      case 'dump-lost':
        dumps.lose(event.dumpId, event.message);
        break;
    }
  }

  onUnmounted(useWorkbench().subscribe(receive));
  watch(connection, (state, before) => {
    if (state === 'open' && before !== 'open' && shell.host) void dumps.restore();
  });
}
