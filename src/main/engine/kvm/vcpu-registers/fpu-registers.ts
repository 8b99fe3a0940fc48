/**
 * x87, SSE and AVX registers of a vCPU, which KVM keeps as the kernel keeps those of a task.
 *
 * Facts: Intel SDM vol. 1, 10.5.1 (FXSAVE) and 13.4 (XSAVE: a component whose bit in XSTATE_BV is clear is in its initial state, whatever memory holds; in the compacted form AVX comes first after the header, if
 * XCOMP_BV has it, which is where it is in the standard form, too). Where it lies, members tell: guest_fpu.fpstate since v5.16 (d69c1382e1b7), guest_fpu as a pointer to struct fpu since v5.0 (b666a4b69739), as a
 * struct fpu before. AVX-512 is not read: in the standard form the CPU alone says where it lies.
 */
import type { KernelStruct } from '../../linux/kernel-struct.ts';
import { formatAddress } from '#shared/address-text.ts';
import type { RegisterSet } from './register-set.ts';

/** Of an FXSAVE area; the header of an XSAVE area follows. */
const LEGACY_SIZE = 512;
const HEADER_SIZE = 64;
const AVX_SIZE = 256;
const MXCSR = 24;
const ST0 = 32;
const XMM0 = 160;
const SLOT = 16;

const X87 = 1n;
const SSE = 2n;
const AVX = 4n;
const COMPACTED = 1n << 63n;

/** What FNINIT and a reset leave (SDM vol. 3A, table 9-1). */
const FCW_INITIAL = 0x37fn;
const MXCSR_INITIAL = 0x1f80n;

export function takeFpuRegisters(set: RegisterSet, vcpu: KernelStruct): void {
  const area = areaOf(vcpu);
  const bytes = area && vcpu.kernel.space.bytes(area.address, area.extended ? LEGACY_SIZE + HEADER_SIZE + AVX_SIZE : LEGACY_SIZE);
  if (!area || !bytes) {
    set.problems.push('Its floating-point and vector registers are not in the dump.');
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const inUse = area.extended ? view.getBigUint64(LEGACY_SIZE, true) : X87 | SSE;
  const compaction = area.extended ? view.getBigUint64(LEGACY_SIZE + 8, true) : 0n;
  const set64 = (name: string, offset: number, width: number, used: boolean, initial = 0n) => {
    const source = used
      ? `${area.source} + ${offset} at ${formatAddress(area.address + BigInt(offset))}`
      : `${area.source}: in its initial state (XSTATE_BV)`;
    set.set(name, used ? littleEndian(bytes, offset, width / 8) : initial, source, { width });
  };
  const x87 = (inUse & X87) !== 0n;
  const sse = (inUse & SSE) !== 0n;
  set64('fcw', 0, 16, x87, FCW_INITIAL);
  set64('fsw', 2, 16, x87);
  // FXSAVE's tag word is the abridged one, of 8 bits.
  set.set('ftw', x87 ? BigInt(view.getUint8(4)) : 0n, `${area.source} + 4`, { width: 16 });
  set64('fop', 6, 16, x87);
  set64('fip', 8, 64, x87);
  set64('fdp', 16, 64, x87);
  set64('mxcsr', MXCSR, 32, sse || (inUse & AVX) !== 0n, MXCSR_INITIAL);
  for (let n = 0; n < 8; n++) set64(`st${n}`, ST0 + n * SLOT, 80, x87);
  for (let n = 0; n < 16; n++) set64(`xmm${n}`, XMM0 + n * SLOT, 128, sse);
  if (!area.extended || ((compaction & COMPACTED) !== 0n && (compaction & AVX) === 0n)) return;
  for (let n = 0; n < 16; n++) set64(`ymm${n}h`, LEGACY_SIZE + HEADER_SIZE + n * SLOT, 128, (inUse & AVX) !== 0n);
}

interface FpuArea {
  address: bigint;
  /** Whether it is an XSAVE area. */
  extended: boolean;
  source: string;
}

function areaOf(vcpu: KernelStruct): FpuArea | undefined {
  if (vcpu.has('arch.guest_fpu.fpstate')) {
    const state = vcpu.follow('arch.guest_fpu.fpstate', 'fpstate');
    return state && { address: state.at('regs'), extended: (state.small('size') ?? 0) > LEGACY_SIZE, source: 'vcpu.arch.guest_fpu.fpstate.regs' };
  }
  if (!vcpu.has('arch.guest_fpu')) return undefined;
  const source = 'vcpu.arch.guest_fpu.state';
  const embedded = vcpu.has(`arch.guest_fpu.state`) ? vcpu.at('arch.guest_fpu.state') : undefined;
  const address = embedded ?? vcpu.follow('arch.guest_fpu', 'fpu')?.at('state');
  // fpu_kernel_xstate_size since v4.8 (bf15a8cf8d14), xstate_size before; CPUs with virtualization and without XSAVE are of 2010 and before.
  const { kernel } = vcpu;
  const symbol = kernel.address('fpu_kernel_xstate_size') ?? kernel.address('xstate_size');
  const size = symbol === undefined ? undefined : kernel.space.u32(symbol);
  return address === undefined ? undefined : { address, extended: (size ?? Infinity) > LEGACY_SIZE, source };
}

function littleEndian(bytes: Uint8Array, offset: number, length: number): bigint {
  let value = 0n;
  for (let at = offset + length - 1; at >= offset; at--) value = (value << 8n) | BigInt(bytes[at]!);
  return value;
}
