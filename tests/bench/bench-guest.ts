/**
 * A guest whose stream is about 500 MB: the lab's Linux with 544 MiB of memory that was random before it booted, so that nearly every page
 * travels. Made once, kept in the lab's folder.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { QemuGuest } from '../lab/qemu-guest.ts';

const MIB = 544;

export interface BenchGuest {
  stream: string;
  elf: string;
}

/** `lab` holds the guest `x86_64`, whose kernel and initrd are used. */
export async function benchGuest(lab: string): Promise<BenchGuest> {
  const folder = path.join(lab, 'bench');
  const guest = { stream: path.join(folder, 'stream.qevm'), elf: path.join(folder, 'paging-off.elf') };
  if (existsSync(guest.elf)) return guest;
  const memory = path.join(lab, 'bench-memory.raw');
  spawnSync('sh', ['-c', `head -c ${MIB}M /dev/urandom > '${memory}'`], { stdio: 'inherit' });
  const kernel = /-kernel (\S+)/.exec(readFileSync(path.join(lab, 'x86_64', 'command.txt'), 'utf8'))?.[1];
  if (kernel === undefined) throw new Error(`${lab}/x86_64/command.txt names no kernel`);
  const running = await QemuGuest.start({
    folder,
    args: [
      ...['-machine', 'pc,memory-backend=ram', '-object', `memory-backend-file,id=ram,size=${MIB}M,mem-path=${memory},share=off`],
      ...['-m', `${MIB}M`, '-smp', '2', '-cpu', 'max', '-device', 'vmcoreinfo', '-kernel', kernel],
      ...['-initrd', path.join(lab, 'x86_64', 'initrd.gz'), '-append', 'console=ttyS0 panic=-1'],
    ],
    ready: 'BOOTED-OK',
    timeoutSeconds: 120,
  });
  await running.migrate('stream.qevm');
  await running.dump('paging-off.elf');
  await running.quit();
  rmSync(memory);
  writeFileSync(path.join(folder, 'README'), 'Made by tests/bench/bench-guest.ts; delete the folder to have it made again.\n');
  return guest;
}
