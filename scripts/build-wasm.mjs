// `npm run build:wasm`: compiles src/main/engine/codecs/assembly/*.ts (AssemblyScript) to WebAssembly, as text in src/main/engine/codecs/*-wasm.ts. The result is kept in the repository, so that nothing has to be built before sources
// can run; tests/engine/codecs/wasm.test.ts says when it is older than its source.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const codecs = fileURLToPath(new URL('../src/main/engine/codecs', import.meta.url));
const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--outFile', 'out.wasm'];

/** Text of the module, by its path. */
export async function compileAll() {
  const modules = new Map();
  for (const file of readdirSync(path.join(codecs, 'assembly'))) {
    let binary;
    const { error, stderr } = await asc.main([file, ...OPTIONS], {
      readFile: (name) => (name === file ? readFileSync(path.join(codecs, 'assembly', file), 'utf8') : null),
      writeFile: (_, contents) => (binary = contents),
      listFiles: () => [],
    });
    if (error) throw new Error(`${file}: ${error.message}\n${stderr.toString()}`);
    const name = path.basename(file, '.ts');
    const constant = `${name.toUpperCase().replaceAll('-', '_')}_WASM`;
    const text = Buffer.from(binary).toString('base64');
    modules.set(
      path.join(codecs, `${name}-wasm.ts`),
      `// Made from assembly/${file} by \`npm run build:wasm\`.\n\nexport const ${constant} =\n  '${text}';\n`,
    );
  }
  return modules;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for (const [file, text] of await compileAll()) writeFileSync(file, text);
