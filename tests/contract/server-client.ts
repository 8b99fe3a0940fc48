/** The renderer's own WebSocket transport against a running server, in Node: what a browser adds by itself (cookie, Origin) is added here. */
import { WebSocket as NodeWebSocket } from 'ws';
import { createApi, type WorkbenchApi } from '#shared/contract.ts';
import { socketTransport } from '../../src/renderer/src/api/socket-transport.ts';

/** Exchanges the URL's token for the cookie, as the first page load does. */
export async function cookieOf(url: string): Promise<string> {
  const response = await fetch(url);
  const cookie = response.headers.get('set-cookie')?.split(';')[0];
  if (cookie === undefined) throw new Error(`no cookie from ${url}: ${response.status}`);
  return cookie;
}

/** The page's end. `connections` is every socket that it opened, newest last. */
export async function pageOf(url: string): Promise<{ workbench: WorkbenchApi; connections: NodeWebSocket[] }> {
  const cookie = await cookieOf(url);
  const connections: NodeWebSocket[] = [];
  class PageWebSocket extends NodeWebSocket {
    constructor(address: URL) {
      super(address, { headers: { cookie, origin: new URL(url).origin } });
      connections.push(this);
    }
  }
  // socket-transport.ts finds these where a page has them.
  Object.assign(globalThis, { WebSocket: PageWebSocket, window: globalThis });
  return { workbench: createApi(socketTransport(new URL('/socket', url))), connections };
}
