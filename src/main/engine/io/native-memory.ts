/**
 * mmap, madvise and memcpy through koffi: the only native calls of the project.
 *
 * Linux only. Elsewhere, and where koffi cannot be loaded, `nativeMemory()` is undefined and files are read with pread.
 * Mapped memory never reaches JavaScript as a buffer (Electron's V8 memory cage forbids it): it is copied out. Constants: Linux uapi
 * asm-generic/mman-common.h; MADV_POPULATE_READ since Linux 5.14, commit 4ca9b3859dac ("mm/madvise: introduce MADV_POPULATE_(READ|WRITE)").
 */
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

const PROT_READ = 1;
const MAP_SHARED = 1;
const MADV_RANDOM = 1;
const MADV_WILLNEED = 3;
const MADV_POPULATE_READ = 22;
const EINVAL = 22;

/** Granularity of madvise; the kernel's page size on x86-64 and the smallest elsewhere. */
const PAGE = 4096;

export interface NativeMemory {
  /** Maps `length` bytes of the file read-only, advised for random access. The address, or undefined when the system refuses. */
  map(fd: number, length: number): number | undefined;
  unmap(address: number, length: number): void;
  /**
   * Faults the pages of a range in, so that the copy that follows cannot raise SIGBUS: `ready`; `lost` when the file no longer
   * reaches that far or its device failed; `unknown` on kernels that cannot tell.
   */
  populate(address: number, length: number): 'ready' | 'lost' | 'unknown';
  /** Copies mapped memory; `target` may be a view of shared memory. */
  copy(target: Uint8Array, address: number, length: number): void;
}

function bind(koffi: typeof Koffi): NativeMemory {
  const libc = koffi.load(null);
  const mmap = libc.func('uintptr_t mmap(uintptr_t address, size_t length, int protection, int flags, int fd, int64_t offset)');
  const munmap = libc.func('int munmap(uintptr_t address, size_t length)');
  const madvise = libc.func('int madvise(uintptr_t address, size_t length, int advice)');
  const memcpy = libc.func('void memcpy(_Out_ uint8_t *target, uintptr_t source, size_t length)');

  return {
    map(fd, length) {
      const result = BigInt(mmap(0, length, PROT_READ, MAP_SHARED, fd, 0) as number | bigint);
      if (BigInt.asIntN(64, result) === -1n) return undefined;
      const address = Number(result);
      madvise(address, length, MADV_RANDOM);
      return address;
    },
    unmap(address, length) {
      munmap(address, length);
    },
    populate(address, length) {
      const start = address - (address % PAGE);
      const whole = Math.ceil((address + length - start) / PAGE) * PAGE;
      madvise(start, whole, MADV_WILLNEED);
      if (madvise(start, whole, MADV_POPULATE_READ) === 0) return 'ready';
      return koffi.errno() === EINVAL ? 'unknown' : 'lost';
    },
    copy(target, address, length) {
      memcpy(target, address, length);
    },
  };
}

let loaded: NativeMemory | null | undefined;

/** The native calls, or undefined where they cannot be had. Loads koffi on the first call in each thread. */
export function nativeMemory(): NativeMemory | undefined {
  if (loaded === undefined) {
    loaded = null;
    if (process.platform === 'linux') {
      try {
        loaded = bind(createRequire(import.meta.url)('koffi') as typeof Koffi);
      } catch {
        // No binary for this CPU, or a package without its native part: pread does everything, slower.
      }
    }
  }
  return loaded ?? undefined;
}
