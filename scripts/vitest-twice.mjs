// Vitest, and once more the files that failed: a machine that does too much at once now and then starves a test, or one of the other tools that it asks. Another
// try tells that from a defect, and what needed it is named as flaky.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

/**
 * `args`: those after `vitest run`; `options`: those of spawnSync. What failed is named in `lines`, each of which begins with FAILED or FLAKY.
 * A run that failed without saying where counts as one failed test.
 */
export function runVitestTwice(command, args, options) {
  const folder = mkdtempSync(join(tmpdir(), 'vmcore-vitest-'));
  const run = (name, words) => {
    const file = join(folder, `${name}.json`);
    const { status } = spawnSync(command[0], [...command.slice(1), 'run', ...words, '--reporter=json', `--outputFile.json=${file}`], {
      stdio: 'inherit',
      ...options,
    });
    return { succeeded: status === 0, files: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).testResults : [] };
  };
  const first = run('first', args);
  const again = first.files.filter(isFailed).map(({ name }) => name);
  const isFilter = (word) => first.files.some(({ name }) => name.includes(word));
  // An error that belongs to no file: all of them once more.
  const second = first.succeeded ? undefined : run('second', again.length === 0 ? args : [...args.filter((word) => !isFilter(word)), ...again]);
  rmSync(folder, { recursive: true, force: true });

  const files = second && again.length === 0 ? second.files : [...first.files.filter((file) => !isFailed(file)), ...(second?.files ?? [])];
  const count = (status) => files.flatMap(({ assertionResults }) => assertionResults).filter((test) => test.status === status).length;
  const failures = (run) => {
    const named = run.files.flatMap((file) => failuresOf(file, options.cwd));
    return run.succeeded || named.length > 0 ? named : ['vitest failed, and named no test'];
  };
  const failed = second ? failures(second) : [];
  const flaky = failures(first).filter((line) => !failed.includes(line));
  return {
    passed: count('passed'),
    skipped: count('skipped') + count('pending'),
    failed: failed.length,
    lines: [...failed.map((line) => `FAILED: ${line}`), ...flaky.map((line) => `FLAKY: ${line}`)],
  };
}

const isFailed = ({ status }) => status === 'failed';

/** A file that does not load, or whose set-up fails, has no failed test. */
function failuresOf({ name, status, message, assertionResults }, root) {
  const tests = assertionResults.filter((test) => test.status === 'failed').map(({ fullName }) => fullName);
  if (tests.length === 0 && status === 'failed') tests.push(message.split('\n')[0] || 'the file did not finish');
  return tests.map((test) => `${relative(root, name)} > ${test}`);
}
