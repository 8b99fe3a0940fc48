/** Exports as a user makes them, and what other people's tools see in the files. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ExportOptions, ExportReport } from '#shared/model/index.ts';
import type { LabDump } from './lab-guest.ts';

/** Runs a tool; its output and errors together. Throws when it fails. */
export function run(command: string, args: string[], input: string | Uint8Array = ''): string {
  const { error, status, signal, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', input, timeout: 200_000, maxBuffer: 2 ** 28 });
  if (error) throw error;
  const said = `${stdout}${stderr}`;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? signal}: ${said.slice(-2000)}`);
  return said;
}

export type Opener = (file: string) => Promise<LabDump>;

export async function exportFile(open: Opener, file: string, target: string, options: Partial<ExportOptions>): Promise<ExportReport> {
  const { workbench, dumpId } = await open(file);
  const report = await workbench.exportDump({
    dumpId,
    options: { format: 'elf', layout: 'portable', ...options },
    target,
    jobId: `export-${target}`,
  });
  await workbench.closeDump({ dumpId });
  return report;
}

/** Throws, naming the first bytes that differ. */
export function sameBytes(ours: string, theirs: string): void {
  run('cmp', [ours, theirs]);
}

export interface Segment {
  type: number;
  virtual: bigint;
  physical: number;
  offset: number;
  size: number;
}

/** Program headers of a little-endian ELF64 file, also of more than 65,534. */
export function segmentsOf(file: string): Segment[] {
  const bytes = readFileSync(file);
  const small = bytes.readUInt16LE(56);
  const count = small === 0xffff ? bytes.readUInt32LE(Number(bytes.readBigUInt64LE(40)) + 44) : small;
  const first = Number(bytes.readBigUInt64LE(32));
  return Array.from({ length: count }, (_, index) => first + index * 56).map((at) => ({
    type: bytes.readUInt32LE(at),
    offset: Number(bytes.readBigUInt64LE(at + 8)),
    virtual: bytes.readBigUInt64LE(at + 16),
    physical: Number(bytes.readBigUInt64LE(at + 24)),
    size: Number(bytes.readBigUInt64LE(at + 32)),
  }));
}

/** The kernel with debug symbols that crash and drgn need. */
export function vmlinux(): string {
  const file = process.env.VMCORE_VMLINUX;
  if (!file) throw new Error('NO DEBUG VMLINUX, so crash and drgn were not tried: `../shared/lab/lab vmlinux` fetches it (860 MB)');
  return file;
}

/** What crash says of the machine, its CPUs and its processes. 16 s a run. */
export function crashAnswers(dump: string): string[] {
  return run('crash', ['-s', '--no_scroll', dump, vmlinux()], 'sys\nbt -a\nps\nquit\n')
    .split('\n')
    .filter((line) => !line.includes('DUMPFILE'));
}

/** Debian's Python, for which its tools are packaged. */
export function python(script: string, ...args: string[]): string {
  return run('/usr/bin/python3', ['-c', script, ...args]).trim();
}

/** The SHA-256 of the guest's low memory by libkdumpfile (Debian: python3-libkdumpfile), after the CPUs and program counters that it finds in ELF files alone. */
export function libkdumpfileAnswers(dump: string, length: number): string {
  return python(
    `
import sys, hashlib, kdumpfile
context = kdumpfile.kdumpfile(sys.argv[1])
if context.attr['file.format'] == 'elf':
    cpus = context.attr['cpu.number']
    print(context.attr['arch.name'], cpus, *['%x' % context.attr['cpu.%d.reg.rip' % cpu] for cpu in range(cpus)])
digest = hashlib.sha256()
for at in range(0, int(sys.argv[2]), 65536):
    digest.update(context.read(kdumpfile.KDUMP_MACHPHYSADDR, at, 65536))
print(digest.hexdigest())`,
    dump,
    String(length),
  );
}

/** The release and the tasks that drgn finds with the kernel's debug symbols (Debian: python3-drgn). */
export function drgnAnswers(dump: string): string {
  return python(
    `
import sys, drgn
from drgn.helpers.linux.pid import for_each_task
program = drgn.Program()
program.set_core_dump(sys.argv[1])
try:
    program.load_debug_info([sys.argv[2]])
except drgn.MissingDebugInfoError:
    pass # Of modules.
print(program['init_uts_ns'].name.release.string_().decode())
print(*['%d %s' % (task.pid, task.comm.string_().decode()) for task in for_each_task(program)], sep='\\n')`,
    dump,
    vmlinux(),
  );
}
