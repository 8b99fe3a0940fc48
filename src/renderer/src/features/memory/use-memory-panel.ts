/** Everything the memory panel does, put together from its parts; MemoryPanel.vue only draws it. */
import { computed, nextTick, ref, shallowRef, watch } from 'vue';
import { useWorkbench } from '../../api/workbench.ts';
import { isLittleEndian } from '../../composables/byte-order.ts';
import { usePanelLocation } from '../../composables/use-panel-location.ts';
import { useVirtualWidth } from '../../composables/use-virtual-width.ts';
import { digitsIn } from '../../components/address-spaces.ts';
import { useDumpDataStore } from '../../stores/dump-data.store.ts';
import { useDumpsStore } from '../../stores/dumps.store.ts';
import type { CopyFormat } from './copy-formats.ts';
import { bytesPerRowIn, ROW_HEIGHT } from './hex-metrics.ts';
import type { BytesPerRow } from './row-layout.ts';
import { extentAt } from './extents.ts';
import { isHole, type MemorySpace, type Stretch } from './space-knowledge.ts';
import { copySelection } from './use-copy-selection.ts';
import { useDescription } from './use-description.ts';
import { useHexCursor } from './use-hex-cursor.ts';
import { useMemorySource } from './use-memory-source.ts';
import { findInSpace, shownSpace, useMemorySpace } from './use-memory-space.ts';
import { hostStretches, spacesOf } from './spaces-of-dump.ts';
import { useRowView } from './use-row-view.ts';
import { noPointer, pointerIn } from './data-inspector.ts';

/** CSS pixels: the grid's head, the space before its rows. */
const HEAD = 24;
const PADDING = 8;
const NO_REGIONS: readonly Stretch[] = [];

export function useMemoryPanel() {
  const api = useWorkbench();
  const dumps = useDumpsStore();
  const data = useDumpDataStore();
  const here = usePanelLocation('memory');
  const message = ref('');
  /** CSS pixels of the grid, and of a character in it. */
  const size = shallowRef({ width: 0, height: 0, character: 7.2 });
  const remembered = shallowRef<bigint>();

  const space = useMemorySpace(() => here.address.value, arrive);
  const bits = useVirtualWidth(() => here.root.value);
  const littleEndian = computed(() => isLittleEndian(data.cpus[0]));
  const digits = computed(() => digitsIn(space.value, bits.value));
  // Narrower addresses leave room for more bytes: another space can mean another width of rows.
  const bytesPerRow = computed<BytesPerRow>(() => bytesPerRowIn(size.value.width - PADDING, digits.value, size.value.character));
  const visibleRows = computed(() => Math.max(1, Math.floor((size.value.height - HEAD) / ROW_HEIGHT)));
  const spaces = computed(() => spacesOf(dumps.active));
  const regions = computed((): readonly Stretch[] => {
    const { regions: mapped, blocks } = data.memoryMap ?? { regions: NO_REGIONS, blocks: [] };
    return space.value === 'hva' && dumps.active?.space !== 'hva' ? hostStretches(blocks) : mapped;
  });
  const source = useMemorySource(
    () => api,
    () => {
      const dump = dumps.active;
      // Without the map every physical address would look like a hole.
      if (!dump || (space.value !== 'file' && !data.memoryMap)) return null;
      return { dumpId: dump.dumpId, space: space.value, root: here.root.value, bits: bits.value, fileSize: dump.size, regions: regions.value };
    },
  );
  const view = useRowView(source, bytesPerRow, visibleRows);
  const cursor = useHexCursor(view, () => visibleRows.value, follow, source.explore);
  const address = computed(() => cursor.place.value.address);
  const selection = computed(() => (cursor.selecting.value ? cursor.selection.value : undefined));

  function arrive(target: bigint): void {
    message.value = '';
    source.explore(target);
    cursor.moveTo(target);
  }

  // Another dump may not have the space that was shown.
  watch(
    spaces,
    (offered) => {
      if (!offered.includes(space.value)) space.value = offered.includes('gpa') ? 'gpa' : 'hva';
    },
    { immediate: true },
  );

  // A space that starts anew knows nothing of where it was: go to where the panel is, or to the start.
  watch(
    () => view.layout.value.spaceLast,
    (last, before) => {
      if (last === before || last === 0n) return;
      const at = here.address.value;
      if (at && shownSpace(at) === space.value) arrive(at.address);
      else if (address.value > last) arrive(0n);
    },
    { immediate: true },
  );

  function resize(width: number, height: number, character: number): void {
    size.value = { width, height, character };
  }

  const inspected = computed(() => {
    const start = selection.value?.start ?? address.value;
    const shown: number[] = [];
    if (source.arrivals.value < 0) return new Uint8Array();
    for (let at = start; shown.length < 8 && at <= view.layout.value.spaceLast; at++) {
      const entry = source.peek(at);
      if (entry?.kind !== 'data') break;
      const offset = Number(at - entry.chunk.address);
      const span = entry.chunk.spans.find((candidate) => offset >= candidate.start && offset < candidate.end);
      const byte = entry.chunk.bytes[offset];
      if (!span || isHole(span.state) || byte === undefined) break;
      shown.push(byte);
    }
    return Uint8Array.from(shown);
  });

  const holeReason = computed(() => {
    const extent = source.extents.value[extentAt(source.extents.value, address.value)];
    return extent?.kind === 'hole' ? (extent.reason ?? source.reasons.value.get(extent.start)) : undefined;
  });

  const description = useDescription([() => dumps.activeId, space, here.root, address, () => data.memoryMap], () =>
    dumps.activeId ? api.describeAddress({ dumpId: dumps.activeId, space: space.value, address: address.value, root: here.root.value }) : null,
  );

  /** Goes where the bytes at the cursor point. */
  function follow(): void {
    const pointer = pointerIn(inspected.value, littleEndian.value, bits.value);
    if (pointer === undefined) message.value = `No pointer here: the ${bits.value / 8} bytes at the cursor are ${noPointer(bits.value)}.`;
    else here.goHere({ space: dumps.active?.space === 'hva' ? 'hva' : 'gva', address: pointer });
  }

  async function switchSpace(next: MemorySpace): Promise<void> {
    const dumpId = dumps.activeId;
    if (!dumpId || next === space.value) return;
    const from = { space: space.value, address: address.value };
    if (from.space === 'gva') remembered.value = from.address;
    const found = await findInSpace(api, { dumpId, root: here.root.value }, from, next, source.virtualOf, remembered.value);
    space.value = next;
    await nextTick();
    arrive(found.address ?? 0n);
    message.value = found.message;
  }

  async function jump(text: string): Promise<void> {
    if (!dumps.activeId) return;
    const targets = await api.resolveText({ dumpId: dumps.activeId, text, root: here.root.value }).catch(() => []);
    const target = targets.find((candidate) => candidate.space === space.value) ?? targets.find((candidate) => shownSpace(candidate));
    if (!target) message.value = `“${text}” leads nowhere in this dump.`;
    else if (here.address.value?.space === target.space && here.address.value.address === target.address) arrive(target.address);
    else here.goHere({ space: target.space, address: target.address });
  }

  async function copy(format: CopyFormat): Promise<void> {
    message.value = await copySelection(format, cursor.selection.value, source.read, (text) => navigator.clipboard.writeText(text));
  }

  function press(event: KeyboardEvent): void {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'c') void copy('hexdump');
    else if (!cursor.press(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  return {
    ...{ dumps, data, here, space, spaces, digits, source, view, cursor, address, selection, bytesPerRow, visibleRows },
    ...{ bits, littleEndian, inspected, description, holeReason, message, resize, switchSpace, jump, copy, press },
  };
}
