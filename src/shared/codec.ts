/**
 * A message as bytes, for transports that carry no structured clone (WebSocket).
 *
 * ```
 * u32 LE  length of the JSON text
 * JSON    bigint as {"$n":"0x…"} or {"$n":"-0x…"}, Uint8Array as {"$b":[offset, length]} into the attachments; a key that starts with $ gets one $ more
 * …       attachments, back to back
 * ```
 */
import { WorkbenchError } from './errors.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export function encodeMessage(value: unknown): Uint8Array<ArrayBuffer> {
  const attachments: Uint8Array[] = [];
  let attached = 0;

  const toJson = (item: unknown): Json => {
    if (typeof item === 'bigint') return { $n: item < 0n ? `-0x${(-item).toString(16)}` : `0x${item.toString(16)}` };
    if (item === null || typeof item === 'boolean' || typeof item === 'number' || typeof item === 'string') return item;
    if (item instanceof Uint8Array) {
      const place = [attached, item.length];
      attachments.push(item);
      attached += item.length;
      return { $b: place };
    }
    if (Array.isArray(item)) return item.map(toJson);
    if (typeof item === 'object') {
      const entries = Object.entries(item).filter(([, inner]) => inner !== undefined);
      return Object.fromEntries(entries.map(([key, inner]) => [key.startsWith('$') ? `$${key}` : key, toJson(inner)]));
    }
    throw new TypeError(`a message cannot hold a ${typeof item}`);
  };

  const text = new TextEncoder().encode(JSON.stringify(toJson(value) ?? null));
  const message = new Uint8Array(4 + text.length + attached);
  new DataView(message.buffer).setUint32(0, text.length, true);
  message.set(text, 4);
  let at = 4 + text.length;
  for (const attachment of attachments) {
    message.set(attachment, at);
    at += attachment.length;
  }
  return message;
}

function malformed(found: string): WorkbenchError {
  return new WorkbenchError('bad-request', `malformed message: ${found}`);
}

/** The inverse of encodeMessage. Attachments come out as copies of their own. Throws WorkbenchError `bad-request` on anything malformed. */
export function decodeMessage(message: Uint8Array): unknown {
  if (message.length < 4) throw malformed(`${message.length} bytes`);
  const textLength = new DataView(message.buffer, message.byteOffset, 4).getUint32(0, true);
  if (textLength > message.length - 4) throw malformed('text longer than the message');
  // Not message.subarray: of Node's Buffer it is a Buffer, whose slice copies nothing.
  const attachments = new Uint8Array(message.buffer, message.byteOffset + 4 + textLength, message.length - 4 - textLength);

  const fromJson = (item: Json): unknown => {
    if (item === null || typeof item !== 'object') return item;
    if (Array.isArray(item)) return item.map(fromJson);
    if (typeof item['$n'] === 'string') {
      const [, sign, magnitude] = /^(-?)(0x[0-9a-f]{1,64})$/.exec(item['$n']) ?? [];
      if (magnitude === undefined) throw malformed('a bad number');
      return sign === '-' ? -BigInt(magnitude) : BigInt(magnitude);
    }
    if (Array.isArray(item['$b'])) {
      const [start, length] = item['$b'];
      if (typeof start !== 'number' || typeof length !== 'number' || !(start >= 0 && length >= 0 && start + length <= attachments.length)) {
        throw malformed('a bad attachment');
      }
      return attachments.slice(start, start + length);
    }
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key.startsWith('$$') ? key.slice(1) : key, fromJson(inner)]));
  };

  let json: Json;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(message.subarray(4, 4 + textLength))) as Json;
  } catch {
    throw malformed('text that is not JSON');
  }
  return fromJson(json);
}
