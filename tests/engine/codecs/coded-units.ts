/** Bytes as liblzo2 and libsnappy coded them, beside the bytes themselves (tests/fixtures/make-codecs.py). */
import { readFileSync } from 'node:fs';
import { fixture } from '../../fixtures/fixture.ts';

export interface CodedUnit {
  original: Uint8Array;
  coded: { lzo1: Uint8Array; lzo9: Uint8Array; snappy: Uint8Array };
}

export function codedUnits(): CodedUnit[] {
  const pieces = lengthPrefixed(readFileSync(fixture('codecs/units.bin')));
  return Array.from({ length: pieces.length / 4 }, (_, index) => {
    const [original, lzo1, lzo9, snappy] = pieces.slice(index * 4) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    return { original, coded: { lzo1, lzo9, snappy } };
  });
}

/** A stream in Snappy's framing, and what it holds. */
export function framedStream(): { original: Uint8Array; stream: Uint8Array } {
  const blob = readFileSync(fixture('codecs/framed.bin'));
  const length = blob.readUInt32LE();
  return { original: blob.subarray(4, 4 + length), stream: blob.subarray(4 + length) };
}

function lengthPrefixed(blob: Buffer): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < blob.length;) {
    const end = at + 4 + blob.readUInt32LE(at);
    pieces.push(blob.subarray(at + 4, end));
    at = end;
  }
  return pieces;
}
