/**
 * Guests with large streams: the lab's Linux with memory that was full before it booted, so that nearly every page travels (with 544 MiB the stream is
 * 513 MiB): of random bytes, or, for what compresses pages, of this system's programs and libraries. Made once, kept in the lab's folder.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { QemuGuest } from '../lab/qemu-guest.ts';

export interface BenchGuest {
  stream: string;
  elf: string;
}

/** `lab` holds the guest `x86_64`, whose kernel and initrd are used; `size` is the guest's memory in MiB. */
export async function benchGuest(lab: string, name: string, size: number, content: 'random' | 'programs' = 'random'): Promise<BenchGuest> {
  const folder = path.join(lab, name);
  const guest = { stream: path.join(folder, 'stream.qevm'), elf: path.join(folder, 'paging-off.elf') };
  if (existsSync(guest.elf)) return guest;
  const memory = path.join(lab, `${name}-memory.raw`);
  const bytes = content === 'random' ? 'cat /dev/urandom' : '{ while tar -cf - /usr/lib /usr/bin; do :; done; } 2> /dev/null';
  spawnSync('sh', ['-c', `${bytes} | head -c ${size}M > '${memory}'`], { stdio: 'inherit' });
  const kernel = /-kernel (\S+)/.exec(readFileSync(path.join(lab, 'x86_64', 'command.txt'), 'utf8'))?.[1];
  if (kernel === undefined) throw new Error(`${lab}/x86_64/command.txt names no kernel`);
  const running = await QemuGuest.start({
    folder,
    args: [
      ...['-machine', 'pc,memory-backend=ram', '-object', `memory-backend-file,id=ram,size=${size}M,mem-path=${memory},share=off`],
      ...['-m', `${size}M`, '-smp', '2', '-cpu', 'max', '-device', 'vmcoreinfo', '-kernel', kernel],
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
