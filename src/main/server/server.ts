/**
 * The workbench in a browser: the built page over HTTP and the contract over a WebSocket, on loopback, for a machine without a display or next to a
 * dump that is too large to copy (`ssh -L 8080:127.0.0.1:8080 host`). admission.ts says who may talk to it. Its holder reads and writes
 * what the user who started it may: it is that user.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WorkbenchApi } from '#shared/contract.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { readPageFile, SECURITY_HEADERS } from '#workbench/page-files.ts';
import { Admission, newSecret } from './admission.ts';
import { serveClient } from './client-connection.ts';

/** The largest call: 65536 addresses for `translate`, as text, are about 2 MB. */
const MESSAGE_LIMIT = 4 * 1024 * 1024;
const CLIENTS_LIMIT = 16;

export interface ServerOptions {
  workbench: WorkbenchApi;
  /** `127.0.0.1` unless told; only loopback is allowed. */
  host?: string;
  /** 0 or nothing: any free one. */
  port?: number;
  /** For tests; otherwise a new secret. */
  token?: string;
  /** out/renderer */
  rendererFolder: string;
}

export interface RunningServer {
  /** With the one-time token. */
  url: string;
  /** Ends every connection; the workbench stays. */
  close(): Promise<void>;
}

const LOOPBACK_ADDRESSES = new Set(['127.0.0.1', '::1']);

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { ...SECURITY_HEADERS, 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' }).end(`${reason}\n`);
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/**
 * The page that the token's URL answers with. Not a redirect: with SameSite=Strict the redirected request would come without the cookie when the link was
 * clicked on a page elsewhere (a chat, a ticket); what a page of ours asks for is same-site.
 */
const ENTRY_PAGE =
  // The empty icon keeps the browser from asking for /favicon.ico, which does not exist.
  '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><link rel="icon" href="data:,"><title>vmcore-workbench</title>';

/** Rejects with `bad-request` for an address that is not loopback, with `io` when the port cannot be had. */
export async function startServer({
  workbench,
  host = '127.0.0.1',
  port = 0,
  token = newSecret(),
  rendererFolder,
}: ServerOptions): Promise<RunningServer> {
  const address = host === 'localhost' ? '127.0.0.1' : host;
  if (!LOOPBACK_ADDRESSES.has(address)) {
    throw new WorkbenchError('bad-request', `the server listens on loopback only, not on ${host}`, { hint: 'Reach it through an SSH tunnel.' });
  }
  const admission = new Admission(token);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_LIMIT, perMessageDeflate: false });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!admission.namesLoopback(request)) return refuse(response, 421, 'this server answers to localhost only');
    if (request.method !== 'GET') return refuse(response, 405, 'only GET');
    const url = new URL(request.url ?? '/', 'http://localhost');
    const offered = url.searchParams.get('token');
    const cookie = offered === null ? undefined : admission.exchange(offered);
    if (cookie !== undefined) {
      const headers = { ...SECURITY_HEADERS, 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store', 'Set-Cookie': cookie };
      response.writeHead(200, headers).end(ENTRY_PAGE);
      return;
    }
    if (!admission.hasCookie(request)) {
      return refuse(response, 403, 'This link is not valid, or was used before by another browser: start vmcore-workbench again to get a new one.');
    }
    const page = await readPageFile(rendererFolder, url.pathname);
    response.writeHead(page.status, page.headers).end(page.body);
  }

  const server = createServer((request, response) => {
    respond(request, response).catch(() => (response.headersSent ? response.destroy() : refuse(response, 400, 'bad request')));
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (!admission.namesLoopback(request)) return refuseUpgrade(socket, '421 Misdirected Request');
    if (request.url !== '/socket') return refuseUpgrade(socket, '404 Not Found');
    if (!admission.isSameOrigin(request) || !admission.hasCookie(request)) return refuseUpgrade(socket, '403 Forbidden');
    if (sockets.clients.size >= CLIENTS_LIMIT) return refuseUpgrade(socket, '503 Service Unavailable');
    sockets.handleUpgrade(request, socket, head, (client) => serveClient(client, workbench));
  });

  server.listen(port, address);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new WorkbenchError('io', `cannot listen on ${address}:${port}: ${(error as Error).message}`, { hint: 'Choose another port with --port.' });
  }
  const bound = server.address() as AddressInfo;
  admission.listeningOn(bound.port);
  return {
    url: `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}/?token=${token}`,
    async close() {
      for (const client of sockets.clients) client.terminate();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
