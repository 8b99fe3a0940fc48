/**
 * The header of a libvirt save image (`virsh save`, `virsh managedsave`, memory of an external snapshot).
 *
 * Facts: libvirt src/qemu/qemu_saveimage.c and .h (v0.7 to v11.3). In the byte order of the host that wrote it.
 *
 * ```
 *  0  magic[16]       "LibvirtQemudSave"; "LibvirtQemudPart" until the image is complete
 * 16  version         1 or 2; 1 holds a raw stream, whatever `format` says
 * 20  data_len        bytes of what follows the header: XML, NUL [cookie, NUL] and zeros to leave room for a longer XML
 * 24  was_running     0: paused
 * 28  format          0 raw, 1 gzip, 2 bzip2, 3 xz, 4 lzop, 5 zstd, 6 sparse (mapped-ram)
 * 32  cookieOffset    of the cookie in the data; 0: none
 * 36  unused[14]
 * 92  data
 * ```
 */
import { DumpFormatError } from '#shared/errors.ts';

export const HEADER_SIZE = 92;
export const MAGIC = 'LibvirtQemudSave';
export const PARTIAL_MAGIC = 'LibvirtQemudPart';

export interface SaveHeader {
  /** False for an image that libvirt did not finish. */
  complete: boolean;
  littleEndian: boolean;
  version: number;
  /** Bytes after the header up to the stream. */
  dataLength: number;
  wasRunning: boolean;
  format: number;
  /** In the data; 0 for none. */
  cookieOffset: number;
}

const ascii = (bytes: Uint8Array) => String.fromCharCode(...bytes.subarray(0, MAGIC.length));

export function isSaveImage(head: Uint8Array): boolean {
  const magic = ascii(head);
  return magic === MAGIC || magic === PARTIAL_MAGIC;
}

/** `bytes` are the header's, fewer where the file ends; `size` is how many there are from the header's start to the end of the file. Throws DumpFormatError. */
export function parseHeader(bytes: Uint8Array, size: number, source: string, fileOffset: number): SaveHeader {
  const problem = (field: string, offset: number, expected: string, found: string) =>
    new DumpFormatError({ format: 'libvirt save header', source, fileOffset: fileOffset + offset, field, expected, found });
  if (bytes.length < HEADER_SIZE) throw problem('length', 0, `${HEADER_SIZE} bytes`, String(bytes.length));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isVersion = (version: number) => version === 1 || version === 2;
  const littleEndian = isVersion(view.getUint32(16, true));
  const u32 = (offset: number) => view.getUint32(offset, littleEndian);
  const version = u32(16);
  if (!isVersion(version)) throw problem('version', 16, '1 or 2 in either byte order', `0x${view.getUint32(16, true).toString(16)}`);
  const dataLength = u32(20);
  if (dataLength === 0) throw problem('data_len', 20, 'the length of the XML', '0');
  if (dataLength >= size - HEADER_SIZE)
    throw problem('data_len', 20, `less than the ${size - HEADER_SIZE} bytes after the header`, String(dataLength));
  return {
    complete: ascii(bytes) === MAGIC,
    littleEndian,
    version,
    dataLength,
    wasRunning: u32(24) !== 0,
    format: version === 1 ? 0 : u32(28),
    cookieOffset: version === 1 ? 0 : u32(32),
  };
}
