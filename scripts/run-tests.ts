/**
 * Every check and test, in the order in which a failure is cheapest to learn of. The last line is `N passed, N failed`: the tests, and one more
 * failed for each step that failed without saying which test.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './prepare.mjs';
import { runVitestTwice } from './vitest-twice.mjs';

const ROOT = join(import.meta.dirname, '..');
const RESULTS = join(ROOT, 'test-results');
const PLAYWRIGHT_REPORT = join(RESULTS, 'playwright.json');
/** Each test of a host adds a line (tests/hosts/record-host.ts). */
const HOSTS = join(RESULTS, 'hosts.txt');

interface Counts {
  passed: number;
  failed: number;
}

const failedSteps: string[] = [];

/** Runs a command by its name in node_modules/.bin; true when it succeeded. */
function step(title: string, command: string, args: string[], environment: Record<string, string> = {}): boolean {
  console.log(`\n── ${title}`);
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...environment } });
  if (error) console.error(error.message);
  if (status !== 0) failedSteps.push(title);
  return status === 0;
}

function report(file: string): Record<string, unknown> | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : undefined;
}

interface PlaywrightSuite {
  title: string;
  specs?: { title: string; ok: boolean; tests: { projectName: string; status: string }[] }[];
  suites?: PlaywrightSuite[];
}

/** What failed, in no test too, and what needed a second try. */
function endToEndLines(): string[] {
  const collect = ({ title, specs, suites }: PlaywrightSuite, above: string): string[] => [
    ...(specs ?? []).flatMap((spec) =>
      spec.tests
        .filter(({ status }) => status === 'unexpected' || status === 'flaky')
        .map(({ projectName, status }) => `${status === 'flaky' ? 'FLAKY' : 'FAILED'}: [${projectName}] ${above}${title} > ${spec.title}`),
    ),
    ...(suites ?? []).flatMap((suite) => collect(suite, `${above}${title} > `)),
  ];
  const { suites = [], errors = [] } = (report(PLAYWRIGHT_REPORT) ?? {}) as { suites?: PlaywrightSuite[]; errors?: { message?: string }[] };
  return [...errors.map(({ message = '' }) => `FAILED: ${message.split('\n')[0]}`), ...suites.flatMap((suite) => collect(suite, ''))];
}

/** A step that failed without a failed test (a file that does not load, no report at all) counts as one. */
function counted(counts: Counts, succeeded: boolean): Counts {
  return succeeded || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

/** A test that passed on its second try passed. */
function playwrightCounts(): Counts {
  const stats = report(PLAYWRIGHT_REPORT)?.['stats'] as { expected: number; flaky: number; unexpected: number } | undefined;
  return { passed: (stats?.expected ?? 0) + (stats?.flaky ?? 0), failed: stats?.unexpected ?? 0 };
}

function findBrowser(): Record<string, string> {
  const { status, stdout } = spawnSync(process.execPath, [join(import.meta.dirname, 'find-browser.ts'), '--install'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? { CHROMIUM: stdout.trim() } : {};
}

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
const browser = findBrowser();
ensureBuilt();

const checks = [
  step('format', 'prettier', ['--check', '.', '--log-level', 'warn']),
  step('lint', 'eslint', ['--flag', 'unstable_native_nodejs_ts_config', '.']),
  step('types', process.execPath, ['scripts/typecheck.mjs']),
];
console.log('\n── unit and contract tests');
const unit = runVitestTwice(['vitest'], ['--reporter=default'], { cwd: ROOT, env: { ...process.env, ...browser } });
const endToEnd = step('end-to-end tests', 'playwright', ['test', '--reporter=list,json'], {
  ...browser,
  PLAYWRIGHT_JSON_OUTPUT_FILE: PLAYWRIGHT_REPORT,
});

const parts = [unit, counted(playwrightCounts(), endToEnd)];
const passed = parts.reduce((sum, part) => sum + part.passed, 0);
const failed = parts.reduce((sum, part) => sum + part.failed, 0) + checks.filter((succeeded) => !succeeded).length;

const hosts = existsSync(HOSTS) ? [...new Set(readFileSync(HOSTS, 'utf8').trim().split('\n'))].sort() : ['none'];
console.log(`\nHosts exercised: ${hosts.join('; ')}`);
// Named once more at the end, where a log is looked at first.
for (const line of [...unit.lines, ...endToEndLines()]) console.log(line);
if (failedSteps.length > 0) console.log(`Failed: ${failedSteps.join(', ')}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && failedSteps.length === 0 ? 0 : 1;
