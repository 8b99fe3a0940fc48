import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compileAll } from '../../../scripts/build-wasm.mjs';

it('has WebAssembly that is what its source compiles to', async () => {
  const modules = await compileAll();
  expect(modules.size).toBeGreaterThan(0);
  for (const [file, text] of modules) expect([file, readFileSync(file, 'utf8')]).toEqual([file, text]);
});
