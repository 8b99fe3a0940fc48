/**
 * The dumps that are measured, made once by the lab's QEMU and kept in its folder: guests whose free memory QEMU filled with random bytes (its `loader`
 * device), so that their streams hold what a busy guest's do, and Linux still runs in them.
 */
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { QemuGuest } from '../lab/qemu-guest.ts';

const MiB = 2 ** 20;

export interface LargeDump {
  title: string;
  stream: string;
  /** QEMU's ELF of the same moment; only of the first. */
  elf?: string;
}

export async function largeDumps(lab: string): Promise<[LargeDump, LargeDump]> {
  return [await make(lab, 'bench-500', 460 * MiB, '640', true), await make(lab, 'bench-1600', 1530 * MiB, '1800', false)];
}

async function make(lab: string, name: string, filled: number, memory: string, withElf: boolean): Promise<LargeDump> {
  const folder = path.join(lab, name);
  const stream = path.join(folder, 'stream.qevm');
  const elf = path.join(folder, 'paging-off.elf');
  if (!existsSync(stream)) {
    console.log(`making ${name} in ${lab}`);
    mkdirSync(folder, { recursive: true });
    const random = path.join(folder, 'random');
    await pipeline(createReadStream('/dev/urandom', { end: filled - 1, highWaterMark: MiB }), createWriteStream(random));
    const words = readFileSync(path.join(lab, 'x86_64/command.txt'), 'utf8').split(' ');
    const option = (flag: string) => words[words.indexOf(flag) + 1]!;
    const guest = await QemuGuest.start({
      folder,
      args: [
        ...['-m', memory, '-smp', '2', '-cpu', 'max', '-device', 'vmcoreinfo', '-kernel', option('-kernel'), '-initrd', option('-initrd')],
        ...['-append', 'console=ttyS0 panic=-1 nokaslr', '-device', `loader,file=${random},addr=${128 * MiB},force-raw=on`],
      ],
      ready: 'BOOTED-OK',
      timeoutSeconds: 180,
    });
    if (withElf) await guest.dump('paging-off.elf');
    await guest.migrate('stream.part');
    await guest.quit();
    rmSync(random);
    renameSync(path.join(folder, 'stream.part'), stream);
  }
  return { title: name, stream, elf: withElf ? elf : undefined };
}
