/** The two globals that every runtime has and that no `lib` without DOM or Node declares; only tsconfig.pure.json includes this file. */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes: Uint8Array): string;
}
