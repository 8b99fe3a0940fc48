/** A folder on the machine where the workbench runs, and moving through it. */
import { ref, shallowRef } from 'vue';
import type { Ref, ShallowRef } from 'vue';
import type { DirectoryListing } from '#shared/contract.ts';
import type { WorkbenchError } from '#shared/errors.ts';
import { useWorkbench } from '../../api/workbench.ts';
import { asWorkbenchError } from '../../stores/dumps.store.ts';

export interface Directory {
  listing: ShallowRef<DirectoryListing | null>;
  loading: Ref<boolean>;
  error: ShallowRef<WorkbenchError | null>;
  /** `null` is the home folder. What was listed stays when the new folder cannot be read. */
  enter: (path: string | null) => Promise<void>;
}

/** Where the user was last, for as long as the page lives. */
let lastPath: string | null = null;

export function lastFolder(): string | null {
  return lastPath;
}

export function useDirectory(): Directory {
  const listing = shallowRef<DirectoryListing | null>(null);
  const loading = ref(false);
  const error = shallowRef<WorkbenchError | null>(null);

  async function enter(path: string | null): Promise<void> {
    loading.value = true;
    error.value = null;
    try {
      listing.value = await useWorkbench().listDirectory({ path });
      lastPath = listing.value.path;
    } catch (thrown) {
      error.value = asWorkbenchError(thrown);
    } finally {
      loading.value = false;
    }
  }

  return { listing, loading, error, enter };
}
