/** The lint rule behind the architecture's import table: that it refuses what the table forbids. */
import { describe, expect, it } from 'vitest';
import { checkImport } from '../../scripts/lint/import-rule.ts';

describe('import table', () => {
  it.each([
    ['src/shared/units.ts', 'node:fs', 'Node in what the page shares'],
    ['src/shared/units.ts', '#engine/client.ts', 'shared reaching out'],
    ['src/main/engine/memory/guest-memory.ts', 'node:fs', 'memory opening files'],
    ['src/main/engine/memory/guest-memory.ts', 'fs', 'the same without its prefix'],
    ['src/main/engine/translate/walk.ts', '../formats/registry.ts', 'translation asking a format'],
    ['src/main/engine/formats/elf/index.ts', '../../translate/walk.ts', 'a format translating'],
    ['src/main/engine/client.ts', 'electron', 'the engine knowing Electron'],
    ['src/main/engine/session/dump-session.ts', '#workbench/workbench.ts', 'the engine knowing its host'],
    ['src/main/server/server.ts', '../desktop/menu.ts', 'the server using the desktop'],
    ['src/main/server/server.ts', 'electron', 'the server knowing Electron'],
    ['src/main/workbench/workbench.ts', 'electron', 'the workbench knowing Electron'],
    ['src/cli/index.ts', 'electron', 'the command line knowing Electron'],
    ['src/preload/index.ts', '#workbench/workbench.ts', 'the preload reaching main'],
    ['src/preload/index.ts', 'node:fs', 'a sandboxed preload using Node'],
    ['src/renderer/src/App.vue', '#engine/client.ts', 'the page reaching the engine'],
    ['src/renderer/src/components/HexNumber.vue', '../stores/dumps.store.ts', 'a presentational part with a store'],
    ['src/renderer/src/components/HexNumber.vue', '../api/workbench.ts', 'a presentational part with the workbench'],
    ['src/renderer/src/api/workbench.ts', '../stores/dumps.store.ts', 'the transport knowing the stores'],
    ['src/new-folder/file.ts', './other.ts', 'a folder that nobody placed'],
  ])('%s may not import %s (%s)', (importer, specifier) => {
    expect(checkImport(importer, specifier)).toBeTypeOf('string');
  });

  it.each([
    ['src/main/engine/io/mapped-file.ts', 'koffi'],
    ['src/main/engine/session/dump-session.ts', '../formats/registry.ts'],
    ['src/main/server/server.ts', '#workbench/page-files.ts'],
    ['src/main/desktop/menu.ts', 'electron'],
    ['src/main/index.ts', '#engine/worker.ts?modulePath'],
    ['src/renderer/src/features/memory/MemoryPanel.vue', '../../stores/dumps.store.ts'],
    ['src/renderer/src/main.ts', '@fontsource/jetbrains-mono/latin-400.css'],
    ['src/preload/index.ts', '#shared/contract.ts'],
  ])('%s may import %s', (importer, specifier) => {
    expect(checkImport(importer, specifier)).toBeUndefined();
  });
});
