/** What the active dump is of: a guest, with CPUs and page tables, or a process of the host, with threads and host-virtual addresses alone. */
import { computed } from 'vue';
import { useDumpsStore } from '../stores/dumps.store.ts';

export function useDumpKind() {
  const dumps = useDumpsStore();
  const isProcess = computed(() => dumps.active?.space === 'hva');
  return {
    isProcess,
    /** "CPU", "CPUs" */
    one: computed(() => (isProcess.value ? 'Thread' : 'CPU')),
    many: computed(() => (isProcess.value ? 'Threads' : 'CPUs')),
  };
}
