/** Snappy, raw format. */
export function decodeSnappy(_input: Uint8Array, _target: Uint8Array): number | undefined {
  return undefined;
}
