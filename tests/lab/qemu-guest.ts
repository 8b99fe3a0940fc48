/**
 * One QEMU process, driven over QMP: for guests that the lab's scenarios do not have (other sizes and machines), and for fixtures.
 * Guests run without KVM, so that the same dumps come out everywhere.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface GuestOptions {
  /** Where its files go; made when missing. */
  folder: string;
  /** Everything but accelerator, display, monitor and serial port. */
  args: string[];
  /** Text on the serial port that says the guest is where it should be; without it the guest is paused before its first instruction. */
  ready?: string;
  /** Default: qemu-system-x86_64. */
  binary?: string;
  timeoutSeconds: number;
}

interface Reply {
  return?: unknown;
  error?: { desc: string };
}

export class QemuGuest {
  readonly folder: string;
  readonly #process: ChildProcess;
  readonly #socket: net.Socket;
  #received = '';
  #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  #over: Error | undefined;

  private constructor(folder: string, child: ChildProcess, socket: net.Socket) {
    this.folder = folder;
    this.#process = child;
    this.#socket = socket;
    socket.on('data', (data) => {
      const lines = (this.#received + data.toString()).split('\n');
      this.#received = lines.pop() ?? '';
      for (const line of lines) {
        const message = JSON.parse(line) as Reply & { event?: string };
        if (message.event === undefined) this.#waiting.shift()?.resolve(line);
      }
    });
    // A guest that is gone answers nothing more: whoever waits hears why.
    const end = () => {
      this.#over ??= new Error(`QEMU ended: ${readFileSync(path.join(folder, 'qemu.log'), 'utf8')}`);
      for (const { reject } of this.#waiting.splice(0)) reject(this.#over);
    };
    socket.on('error', end).on('close', end);
  }

  /** Boots a guest, waits until it is ready, and stops its CPUs. */
  static async start({ folder, args, ready, binary = 'qemu-system-x86_64', timeoutSeconds }: GuestOptions): Promise<QemuGuest> {
    mkdirSync(folder, { recursive: true });
    const serial = path.join(folder, 'serial.log');
    // A socket's path is short by law (sun_path), a folder's is not.
    const control = path.join('/tmp', `qmp-${process.pid}-${Math.random().toString(36).slice(2)}`);
    rmSync(serial, { force: true });
    const command = ['-accel', 'tcg,tb-size=32', ...args, '-nodefaults', '-display', 'none', '-no-reboot', '-monitor', 'none'];
    command.push('-qmp', `unix:${control},server,nowait`, ...(ready === undefined ? ['-serial', 'none', '-S'] : ['-serial', `file:${serial}`]));
    writeFileSync(path.join(folder, 'command.txt'), `${binary} ${command.join(' ')}\n`);
    const log = openSync(path.join(folder, 'qemu.log'), 'w');
    const child = spawn(binary, command, { stdio: ['ignore', log, log] });
    const until = Date.now() + timeoutSeconds * 1000;
    try {
      while (ready === undefined ? !existsSync(control) : !existsSync(serial) || !readFileSync(serial, 'latin1').includes(ready)) {
        if (child.exitCode !== null) throw new Error(`QEMU ended: ${readFileSync(path.join(folder, 'qemu.log'), 'utf8')}`);
        if (Date.now() > until) throw new Error(`no ${ready ?? 'QMP socket'} in ${timeoutSeconds} s: see ${serial}`);
        await sleep(100);
      }
      const socket = net.connect(control);
      const guest = new QemuGuest(folder, child, socket);
      await guest.#line(); // the greeting
      await guest.qmp('qmp_capabilities');
      await guest.qmp('stop');
      return guest;
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    } finally {
      rmSync(control, { force: true });
    }
  }

  #line(): Promise<string> {
    if (this.#over) return Promise.reject(this.#over);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async qmp(execute: string, args: Record<string, unknown> = {}): Promise<unknown> {
    const answer = this.#line();
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    const reply = JSON.parse(await answer) as Reply;
    if (reply.error) throw new Error(`${execute}: ${reply.error.desc}`);
    return reply.return;
  }

  async hmp(line: string, cpu = 0): Promise<string> {
    return String(await this.qmp('human-monitor-command', { 'command-line': line, 'cpu-index': cpu })).replaceAll('\r', '');
  }

  /** dump-guest-memory to a file of the folder. */
  async dump(name: string, options: Record<string, unknown> = {}): Promise<void> {
    const file = path.join(this.folder, name);
    await this.qmp('dump-guest-memory', { paging: false, protocol: `file:${file}`, ...options });
    chmodSync(file, 0o644);
  }

  async migrate(name: string): Promise<void> {
    await this.qmp('migrate-set-parameters', { 'max-bandwidth': 2 ** 40 });
    await this.qmp('migrate', { uri: `exec:cat > ${path.join(this.folder, name)}` });
    for (;;) {
      const { status } = (await this.qmp('query-migrate')) as { status?: string };
      if (status === 'completed') return;
      if (status === 'failed' || status === 'cancelled') throw new Error(`migration ${status}`);
      await sleep(50);
    }
  }

  /** The lab's oracle.json of this guest: QEMU's own answers about every CPU and about memory. */
  async oracle(cpus: number): Promise<Record<string, unknown>> {
    const states: Record<string, string>[] = [];
    for (let cpu = 0; cpu < cpus; cpu++) {
      states.push({
        registers: await this.hmp('info registers', cpu),
        mem: await this.hmp('info mem', cpu),
        tlb: await this.hmp('info tlb', cpu),
      });
    }
    const version = (await this.hmp('info version')).trim();
    return { version, cpus: states, 'mtree -f': await this.hmp('info mtree -f'), ramblock: await this.hmp('info ramblock') };
  }

  /** For a guest that is in an unknown state. */
  kill(): void {
    this.#process.kill('SIGKILL');
    this.#socket.destroy();
  }

  async quit(): Promise<void> {
    const over = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#socket.write(`${JSON.stringify({ execute: 'quit' })}\n`);
    await over;
    this.#socket.destroy();
  }
}
