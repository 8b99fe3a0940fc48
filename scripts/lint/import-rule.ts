/** The lint rule that holds the sources to import-table.ts. A source file in a folder that the table does not name is an error too. */
import { isBuiltin } from 'node:module';
import { dirname, relative, resolve, sep } from 'node:path';
import type { Rule } from 'eslint';
import { IMPORT_TABLE } from './import-table.ts';

/** package.json's "imports". */
const ALIASES: readonly (readonly [string, string])[] = [
  ['#shared/', 'src/shared/'],
  ['#engine/', 'src/main/engine/'],
  ['#workbench/', 'src/main/workbench/'],
];

const FOLDERS = Object.keys(IMPORT_TABLE).sort((left, right) => right.length - left.length);

/** The folder itself counts: it may be a single file. */
const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** The project path that a specifier names, or undefined for a package. */
function projectPathOf(specifier: string, importer: string): string | undefined {
  if (specifier.startsWith('.')) return relative('.', resolve(dirname(importer), specifier)).replaceAll(sep, '/');
  const alias = ALIASES.find(([prefix]) => specifier.startsWith(prefix));
  return alias && alias[1] + specifier.slice(alias[0].length);
}

/** `@scope/name` or `name` of `name/deep/file.css`. */
const packageOf = (specifier: string): string => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** What is wrong with an import, or undefined. Paths are relative to the project, with slashes. Exported for the test. */
export function checkImport(importer: string, specifier: string): string | undefined {
  const home = FOLDERS.find((folder) => isBelow(importer, folder));
  if (home === undefined) return `${importer} lies in no folder of scripts/lint/import-table.ts`;
  const rule = IMPORT_TABLE[home];
  const target = projectPathOf(specifier, importer);
  if (target === undefined) {
    const name = isBuiltin(specifier) ? 'node:*' : packageOf(specifier);
    return rule?.packages.includes(name) ? undefined : `${home} may not import ${name === 'node:*' ? specifier : name}`;
  }
  const allowed = isBelow(target, home) || rule?.folders.some((folder) => isBelow(target, folder));
  return allowed ? undefined : `${home} may not import ${target}`;
}

export const importRule: Rule.RuleModule = {
  meta: { type: 'problem', schema: [], messages: { refused: '{{problem}} (scripts/lint/import-table.ts)' } },
  create(context) {
    const importer = relative(context.cwd, context.filename).replaceAll(sep, '/');
    const check = (node: Rule.Node, source: { value?: unknown } | null | undefined): void => {
      const problem = typeof source?.value === 'string' ? checkImport(importer, source.value) : undefined;
      if (problem !== undefined) context.report({ node, messageId: 'refused', data: { problem } });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source),
      ExportNamedDeclaration: (node) => check(node, node.source),
      ExportAllDeclaration: (node) => check(node, node.source),
      ImportExpression: (node) => check(node, node.source as { value?: unknown }),
    };
  },
};
