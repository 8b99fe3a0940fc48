/**
 * Symbols of a vmlinux, at the addresses at which the kernel runs.
 *
 * Facts: Linux kernel/crash_core.c: KERNELOFFSET in VMCOREINFO is how far KASLR moved the image (x86, arm64 and others; hexadecimal), SYMBOL(…) are addresses as they run. Per-CPU symbols of
 * x86-64 are numbered from 0 and not moved (before v6.15).
 */
import type { ElfFile } from '../elf-object/elf-file.ts';
import type { LinuxKernel } from '../linux/kernel.ts';

const MAX_BANNER = 1024;
/** Variables of which VMCOREINFO gives the address itself. */
const ANCHORS = ['init_uts_ns', '_stext', 'swapper_pg_dir'];

export class ImageSymbols {
  readonly #elf: ElfFile;

  constructor(elf: ElfFile) {
    this.#elf = elf;
  }

  addressOf(kernel: LinuxKernel, symbol: string): bigint | undefined {
    const value = this.#elf.findSymbol(symbol)?.value;
    const moved = value === undefined ? undefined : this.#moved(kernel);
    if (value === undefined || moved === undefined) return undefined;
    const start = this.#elf.findSymbol('_text')?.value ?? 0n;
    return value < start ? value : BigInt.asUintN(8 * kernel.space.wordSize, value + moved);
  }

  /** Where .notes lies while the kernel runs. */
  notes(kernel: LinuxKernel): { start: bigint; stop: bigint } | undefined {
    const start = this.addressOf(kernel, '__start_notes');
    const stop = this.addressOf(kernel, '__stop_notes');
    return start === undefined || stop === undefined ? undefined : { start, stop };
  }

  /** As uname -r has it; undefined for a separate debug file, which does not keep it. */
  get release(): string | undefined {
    const banner = this.#elf.findSymbol('linux_banner');
    const bytes = banner && this.#elf.read(banner.value, Math.min(banner.size, MAX_BANNER));
    return /^Linux version (\S+)/.exec(bytes ? new TextDecoder('latin1').decode(bytes) : '')?.[1];
  }

  #moved({ vmcoreinfo }: LinuxKernel): bigint | undefined {
    const offset = vmcoreinfo.get('KERNELOFFSET');
    if (offset !== undefined && /^[\da-f]{1,16}$/i.test(offset)) return BigInt(`0x${offset}`);
    for (const anchor of ANCHORS) {
      const running = vmcoreinfo.get(`SYMBOL(${anchor})`);
      const linked = this.#elf.findSymbol(anchor)?.value;
      if (linked !== undefined && running !== undefined && /^[\da-f]{1,16}$/.test(running)) return BigInt(`0x${running}`) - linked;
    }
    return undefined;
  }
}
