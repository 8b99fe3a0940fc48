// @vitest-environment happy-dom
/** What is chosen, planned and written, over the real engine. */
import { readFileSync } from 'node:fs';
import { createPinia, setActivePinia } from 'pinia';
import { describe, expect, it, vi } from 'vitest';
import { nextTick } from 'vue';
import { useDumpsStore } from '../../../src/renderer/src/stores/dumps.store.ts';
import { FRESH_DRAFT } from '../../../src/renderer/src/stores/export-draft.ts';
import { useExportsStore } from '../../../src/renderer/src/stores/exports.store.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { useRealWorkbench } from '../real-workbench.ts';

const real = useRealWorkbench();
const PATIENCE = { timeout: 15_000 };

async function opened() {
  const dumps = useDumpsStore();
  await dumps.open({ kind: 'path', path: fixture('tiny/stream.qevm') });
  const exports = useExportsStore();
  return { dumps, exports, planned: () => vi.waitFor(() => expect(exports.current.planning).toBe(false), PATIENCE) };
}

describe('choices', () => {
  it('made in quick succession are planned once, and the last one counts', async () => {
    const { exports, planned } = await opened();
    let plans = 0;
    const bridge = (window as unknown as { workbench: { planExport: (argument: unknown) => unknown } }).workbench;
    const { planExport } = bridge;
    bridge.planExport = (argument) => {
      plans++;
      return planExport(argument);
    };
    for (const format of ['kdump', 'raw', 'lime'] as const) exports.choose({ format });
    expect(exports.current.planning).toBe(true);
    await planned();
    bridge.planExport = planExport;
    expect(plans).toBe(1);
    expect(exports.current.plan).toMatchObject({ format: 'lime', suggestedName: 'stream.lime' });
  });

  it('made while an earlier answer is on its way drop that answer', async () => {
    const { exports, planned } = await opened();
    exports.choose({ format: 'raw' });
    const early = exports.plan();
    exports.choose({ format: 'lime' });
    await early;
    expect(exports.current).toMatchObject({ planning: true, plan: null });
    await planned();
    expect(exports.current.plan?.format).toBe('lime');
  });

  it('are there again when the dump is opened again', async () => {
    const { dumps, exports } = await opened();
    exports.choose({ format: 'kdump', compression: 'zstd' });
    await dumps.close(dumps.activeId!);
    await dumps.open({ kind: 'path', path: fixture('tiny/stream.qevm') });
    expect(exports.current.draft).toMatchObject({ format: 'kdump', compression: 'zstd' });
  });

  it('but for the range are what another dump, and another start, begins with', async () => {
    const { exports } = await opened();
    exports.choose({ format: 'kdump', compression: 'lzo', excludeZero: true, ranged: true, begin: '1000', length: '64K' });
    await nextTick();
    // The page is loaded again.
    setActivePinia(createPinia());
    const restarted = await opened();
    expect(restarted.exports.current.draft).toEqual({ ...FRESH_DRAFT, format: 'kdump', compression: 'lzo', excludeZero: true });
    expect(restarted.exports.current.options).toEqual({ format: 'kdump', layout: 'portable', compression: 'lzo', excludeZero: true });
  });
});

describe('a range', () => {
  it('starts at whatever Ctrl+G takes for a guest-physical address', async () => {
    const { exports, planned } = await opened();
    for (const [begin, address] of [
      ['100000', 0x10_0000],
      ['0x10_0000', 0x10_0000],
      ['pfn:100', 0x10_0000],
      ['gpa:100000', 0x10_0000],
      ['pc.ram+100000', 0x10_0000],
      // The table, as a place in memory.
      ['cr3', 0x20_0000],
    ] as const) {
      exports.choose({ format: 'raw', ranged: true, begin, length: '64K' });
      await planned();
      expect(exports.current.range, begin).toEqual({ begin: address, length: 0x1_0000 });
      expect(exports.current.plan?.segments[0]?.physical, begin).toBe(address);
    }
  });

  it.each([
    ['nowhere', '64K', { begin: expect.stringContaining('Not an address') }],
    ['rip', '64K', { begin: expect.stringContaining('no guest-physical') }],
    ['gva:1000', '64K', { begin: expect.stringContaining('no guest-physical') }],
    ['100000', '0', { length: expect.stringContaining('at least one byte') }],
    ['ffffffffff000', '64K', { length: expect.stringContaining('beyond') }],
    ['', '', {}],
  ])('from %j of %j cannot be planned, and says why at its field', async (begin, length, issues) => {
    const { exports, planned } = await opened();
    exports.choose({ format: 'raw', ranged: true, begin, length });
    await planned();
    expect(exports.current).toMatchObject({ plan: null, range: null, planError: null });
    expect(exports.current.issues).toEqual(issues);
  });

  it('without memory in it is refused by the engine; one that is not asked for is forgotten', async () => {
    const { exports, planned } = await opened();
    exports.choose({ ranged: true, begin: '400000000000', length: '64K' });
    await planned();
    expect(exports.current).toMatchObject({ plan: null, planError: { code: 'bad-request' } });
    exports.choose({ format: 'kdump' });
    await planned();
    expect(exports.current).toMatchObject({ planError: null, range: null, plan: { format: 'kdump' } });
  });
});

it('what is written is what was planned, and was read back', async () => {
  const { exports, planned } = await opened();
  exports.choose({ format: 'raw', ranged: true, begin: '100000', length: '64K' });
  await planned();
  const target = `${real.folder()}/part.raw`;
  await exports.start(target);
  expect(exports.current.report).toMatchObject({ target, verified: 0x1_0000 });
  expect(readFileSync(target)).toHaveLength(exports.current.plan?.fileSize ?? -1);
});
