/**
 * The bundles: main (the desktop app and the command line, with the engine's worker as a bundle of its own), preload, renderer.
 *
 * What package.json lists under `dependencies` stays outside the main bundles (koffi is a native module and cannot be bundled; ws and valibot
 * come along); the renderer's libraries are devDependencies and are bundled.
 */
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'electron-vite';

export default defineConfig({
  main: {
    // Samples and walkthroughs are read from resources/ where they lie: nothing is copied into out/.
    publicDir: false,
    build: { rolldownOptions: { input: { index: 'src/main/index.ts', cli: 'src/cli/index.ts' } } },
  },
  preload: {
    publicDir: false,
    build: {
      // A sandboxed preload is one CommonJS file that may require nothing but `electron`.
      externalizeDeps: false,
      rolldownOptions: { input: { index: 'src/preload/index.ts' }, output: { format: 'cjs', entryFileNames: '[name].cjs' } },
    },
  },
  renderer: {
    root: 'src/renderer',
    plugins: [vue()],
    build: { rolldownOptions: { input: 'src/renderer/index.html' } },
  },
});
