/** A file mapped into memory, and when that is a good idea. */
import fs from 'node:fs';
import { nativeMemory, type NativeMemory } from './native-memory.ts';
import { assertNotShrunk, type OpenFile } from './open-file.ts';
import { pread } from './pread.ts';

/** A mapping as plain data: its address is the same for all threads of the process. The thread that made it unmaps it, after the others are gone. */
export interface Mapping {
  address: number;
  length: number;
}

/** How a file is read, with the reason, for the overview. */
export interface Access {
  kind: 'mapped' | 'pread';
  reason: string;
}

/**
 * File systems whose pages can vanish without the file being truncated (a server goes away: SIGBUS). Magic numbers: Linux
 * uapi linux/magic.h and fs/smb/client/cifsfs.h.
 */
const REMOTE_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB2'],
  [0xff534d42, 'CIFS'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
]);

/** Maps the file where that is safe; otherwise says why not. */
export function mapFile(file: OpenFile, allowed: boolean): { mapping?: Mapping; access: Access } {
  const refuse = (reason: string) => ({ access: { kind: 'pread', reason } as const });
  if (!allowed) return refuse('memory mapping is switched off');
  if (file.size === 0) return refuse('the file is empty');
  const native = nativeMemory();
  if (!native)
    return refuse(process.platform === 'linux' ? 'the koffi library could not be loaded' : `memory mapping is not used on ${process.platform}`);
  const remote = REMOTE_FILE_SYSTEMS.get(Number(fs.statfsSync(file.path).type));
  if (remote) return refuse(`the file is on ${remote}, where mapped pages can vanish`);
  const address = native.map(file.fd, file.size);
  if (address === undefined) return refuse('the system refused to map the file');
  return { mapping: { address, length: file.size }, access: { kind: 'mapped', reason: 'a regular file on a local file system' } };
}

export function unmapFile(mapping: Mapping): void {
  nativeMemory()?.unmap(mapping.address, mapping.length);
}

/** Copies out of a mapping; guarded against files that shrink. */
export class MappedReader {
  readonly #file: OpenFile;
  readonly #mapping: Mapping;
  readonly #native: NativeMemory;

  constructor(file: OpenFile, mapping: Mapping, native: NativeMemory) {
    this.#file = file;
    this.#mapping = mapping;
    this.#native = native;
  }

  /** As pread(); the caller keeps within the file's size. */
  read(offset: number, target: Uint8Array): void {
    assertNotShrunk(this.#file);
    const address = this.#mapping.address + offset;
    // Faulting the pages in first turns the SIGBUS of a file that was cut a moment ago into an error code.
    if (this.#native.populate(address, target.length) === 'ready') this.#native.copy(target, address, target.length);
    else pread(this.#file, offset, target);
  }
}
