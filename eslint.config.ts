/**
 * Lint: what the compiler does not see. Style is Prettier's. Loaded by Node as it is (`eslint --flag unstable_native_nodejs_ts_config`, see package.json).
 *
 * The few type-aware rules are those that find real bugs in asynchronous code; they cost about the time of one type check.
 */
import type { Linter } from 'eslint';
import { defineConfig } from 'eslint/config';
import prettier from 'eslint-config-prettier';
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';
import vueParser from 'vue-eslint-parser';
import { importRule } from './scripts/lint/import-rule.ts';

const UNUSED = { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' };

/** ESLint's own rules that neither TypeScript nor typescript-eslint covers. */
const CORE_RULES: Linter.RulesRecord = {
  // `== null` is the short way to say null or undefined.
  eqeqeq: ['error', 'always', { null: 'ignore' }],
  'no-async-promise-executor': 'error',
  'no-cond-assign': 'error',
  'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
  'no-dupe-else-if': 'error',
  'no-empty': 'error',
  'no-empty-pattern': 'error',
  'no-fallthrough': 'error',
  'no-loss-of-precision': 'error',
  'no-self-assign': 'error',
  'no-sparse-arrays': 'error',
  'no-unsafe-finally': 'error',
  'no-useless-catch': 'error',
  'no-useless-escape': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
};

export default defineConfig(
  // AssemblyScript has its own compiler.
  { ignores: ['node_modules', 'out', 'dist', 'lab-out', 'test-results', 'playwright-report', 'tests/fixtures', 'src/main/engine/codecs/assembly'] },
  { rules: CORE_RULES },
  tseslint.configs.recommended,
  vue.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parser: vueParser, parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.vue'] } },
    // An optional prop of a typed component is undefined when it is not given, as its type says.
    rules: { 'vue/multi-word-component-names': 'off', 'vue/no-v-html': 'error', 'vue/require-default-prop': 'off' },
  },
  {
    // TypeScript knows which names exist.
    files: ['**/*.ts', '**/*.vue'],
    rules: {
      'no-undef': 'off',
      '@typescript-eslint/no-unused-vars': ['error', UNUSED],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      // An index that the line before checked: noUncheckedIndexedAccess cannot see it, and tables of hot loops need it.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.vue'],
    plugins: { workbench: { rules: { imports: importRule } } },
    rules: { 'workbench/imports': 'error', 'no-console': ['error', { allow: ['error', 'warn'] }] },
  },
  { files: ['src/cli/**'], rules: { 'no-console': 'off' } },
  {
    files: ['src/main/**/*.ts', 'src/shared/**/*.ts', 'src/cli/**/*.ts'],
    languageOptions: { parserOptions: { project: ['tsconfig.node.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
    },
  },
  { files: ['**/*.mjs'], languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly', setTimeout: 'readonly' } } },
  prettier,
);
