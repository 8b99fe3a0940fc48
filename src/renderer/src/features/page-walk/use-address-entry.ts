/** Any text that leads somewhere, as an address to walk: `rip`, `0xffff…`, `symbol+off`. A physical address is named as such: it needs no walk. */
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import type { WorkbenchApi } from '#shared/contract.ts';
import type { GoToTarget, RootChoice } from '#shared/model/index.ts';

export interface AddressEntry {
  text: Ref<string>;
  /** Why the text does not lead to a walk; empty when it does. */
  problem: Readonly<Ref<string>>;
  /** What the text means instead, when that is a place without a walk. */
  elsewhere: Readonly<ShallowRef<GoToTarget | null>>;
  /** Resolves with the virtual address that the text means, or null (then `problem` says why). */
  submit: (dumpId: string, root: RootChoice) => Promise<bigint | null>;
}

const SPACE_WORDS: Record<string, string> = {
  gpa: 'a physical address',
  file: 'an offset in the file',
  hva: 'an address of the host process',
  hpa: 'a physical address of the host',
};

export function useAddressEntry(api: () => Pick<WorkbenchApi, 'resolveText'>): AddressEntry {
  const text = ref('');
  const problem = ref('');
  const elsewhere = shallowRef<GoToTarget | null>(null);

  async function submit(dumpId: string, root: RootChoice): Promise<bigint | null> {
    problem.value = '';
    elsewhere.value = null;
    const asked = text.value.trim();
    if (asked === '') return null;
    try {
      const targets = await api().resolveText({ dumpId, text: asked, root });
      const virtual = targets.find(({ space }) => space === 'gva');
      if (virtual) return virtual.address;
      const [other] = targets;
      elsewhere.value = other ?? null;
      problem.value = other
        ? `${asked} is ${SPACE_WORDS[other.space] ?? 'no virtual address'}: it is not translated.`
        : `${asked} leads nowhere in this dump.`;
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
    return null;
  }

  return { text, problem, elsewhere, submit };
}
