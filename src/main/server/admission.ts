/**
 * Who may talk to the server. It listens on loopback only, but every program and every web page on the machine can reach that:
 *
 * - a one-time token in the URL is exchanged for a cookie (HttpOnly, SameSite=Strict) by the first browser that brings it; afterwards it opens nothing, so
 *   it may stay in a terminal's scrollback or a browser's history;
 * - the Host header must name loopback: a page elsewhere whose name was rebound to 127.0.0.1 sends its own name;
 * - a WebSocket must come from our own origin: browsers let any page open one anywhere, and SameSite alone ignores ports.
 *
 * Ports are not compared with our own: through `ssh -L 9000:127.0.0.1:8080` the browser rightly says localhost:9000.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** 256 random bits for a URL or a cookie. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** Compares in a time that does not depend on where the texts differ. */
function same(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

export class Admission {
  readonly #token: string;
  readonly #session = newSecret();
  #tokenUsed = false;
  /** Cookies ignore ports: the name keeps two servers on one machine from overwriting each other's. */
  #cookieName = 'workbench';

  constructor(token: string) {
    this.#token = token;
  }

  listeningOn(port: number): void {
    this.#cookieName = `workbench-${port}`;
  }

  /** False for a request that was not meant for a server on this machine. */
  namesLoopback(request: IncomingMessage): boolean {
    const host = parseUrl(`http://${request.headers.host ?? ''}`);
    return host !== undefined && LOOPBACK_NAMES.has(host.hostname);
  }

  /** Whether the request comes from a page that this server served. */
  isSameOrigin(request: IncomingMessage): boolean {
    const origin = parseUrl(request.headers.origin ?? '');
    return origin !== undefined && origin.protocol === 'http:' && origin.host === parseUrl(`http://${request.headers.host ?? ''}`)?.host;
  }

  /** Takes the token; the answer is the Set-Cookie header, or undefined when the token is wrong or was used before. */
  exchange(token: string): string | undefined {
    if (this.#tokenUsed || !same(token, this.#token)) return undefined;
    this.#tokenUsed = true;
    return `${this.#cookieName}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`;
  }

  hasCookie(request: IncomingMessage): boolean {
    const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
    const value = cookies.find((cookie) => cookie.startsWith(`${this.#cookieName}=`))?.slice(this.#cookieName.length + 1);
    return value !== undefined && same(value, this.#session);
  }
}
