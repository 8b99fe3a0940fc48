/** LZO1X, raw. */
export function decodeLzo1x(_input: Uint8Array, _target: Uint8Array): number | undefined {
  return undefined;
}
