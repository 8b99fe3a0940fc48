/** Who the server lets in, and what it hands out. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { decodeMessage, encodeMessage } from '#shared/codec.ts';
import { startServer, type RunningServer } from '../../src/main/server/server.ts';
import { cookieOf } from '../contract/server-client.ts';
import { workbenchOfTests } from '../contract/workbench-of-tests.ts';
import { newFolder } from './sample-dump.ts';

const TOKEN = 'token-of-the-test';
const folder = newFolder();
const page = join(folder, 'page');
let workbench: Awaited<ReturnType<typeof workbenchOfTests>>;
let server: RunningServer;
let origin: string;
let cookie: string;

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Not fetch: it would correct the path and the Host header. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, path, headers, method }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on('error', reject).end();
  });
}

/** The status with which an upgrade was refused, or 101. */
function upgrade(path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}${path}`, { headers });
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('error', () => undefined);
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
  });
}

beforeAll(async () => {
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(page, 'index.html'), '<!doctype html>the page');
  writeFileSync(join(page, 'assets/app-1a2b.js'), 'export {};');
  writeFileSync(join(page, 'notes.md'), 'no known type');
  writeFileSync(join(folder, 'secret.json'), '"secret"');
  workbench = await workbenchOfTests('server', folder);
  server = await startServer({ workbench, token: TOKEN, rendererFolder: page });
  origin = new URL(server.url).origin;
});

afterAll(async () => {
  await server.close();
  await workbench.dispose();
});

describe('the server’s door', () => {
  it('opens to the token once, and to the cookie from then on', async () => {
    expect((await get('/')).status).toBe(403);
    expect((await get('/?token=wrong')).status).toBe(403);
    const entry = await get(`/?token=${TOKEN}`);
    expect(entry.status).toBe(200);
    expect(entry.headers['set-cookie']?.[0]).toMatch(/^workbench-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    cookie = entry.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    expect(cookie).not.toContain(TOKEN);

    expect((await get(`/?token=${TOKEN}`)).status, 'the token a second time').toBe(403);
    expect((await get('/', { cookie })).body).toContain('the page');
    expect((await get(`/?token=${TOKEN}`, { cookie })).status, 'a reload of the first URL').toBe(200);
    expect((await get('/', { cookie: `${cookie}x` })).status).toBe(403);
    expect((await get('/', { cookie: 'workbench=x' })).status).toBe(403);
  });

  it.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '192.168.1.1', 'localhost@evil.example'])(
    'does not answer to the name %j, whatever the cookie',
    async (host) => {
      expect((await get('/', { cookie, host })).status).toBeGreaterThanOrEqual(400);
      expect(await upgrade('/socket', { cookie, host, origin: `http://${host}` })).toBeGreaterThanOrEqual(400);
    },
  );

  it('answers to any port of loopback: an SSH tunnel has another one', async () => {
    for (const host of ['localhost:9000', '127.0.0.1:9000', '[::1]:9000']) {
      expect((await get('/', { cookie, host })).status).toBe(200);
      expect(await upgrade('/socket', { cookie, host, origin: `http://${host}` })).toBe(101);
    }
  });

  it('takes a WebSocket from its own page only', async () => {
    expect(await upgrade('/socket', { cookie, origin })).toBe(101);
    expect(await upgrade('/socket', { origin }), 'without the cookie').toBe(403);
    expect(await upgrade('/socket', { cookie }), 'without an Origin').toBe(403);
    for (const other of ['https://evil.example', 'null', 'http://localhost:1', origin.replace('http', 'https'), 'file://']) {
      expect(await upgrade('/socket', { cookie, origin: other }), other).toBe(403);
    }
    expect(await upgrade('/other', { cookie, origin })).toBe(404);
    expect(await upgrade(`/socket?token=${TOKEN}`, { origin })).toBe(404);
  });

  it.each(['0.0.0.0', '::', '192.168.1.1', 'example.com', '127.0.0.2'])('cannot be made to listen on %s', async (host) => {
    await expect(startServer({ workbench, host, rendererFolder: page })).rejects.toMatchObject({ code: 'bad-request' });
  });

  it('says which port is taken', async () => {
    const port = Number(new URL(origin).port);
    await expect(startServer({ workbench, port, rendererFolder: page })).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining(String(port)),
    });
  });

  it('gives two servers secrets of their own', async () => {
    const other = await startServer({ workbench, rendererFolder: page });
    const cookieOfOther = await cookieOf(other.url);
    expect(new URL(other.url).searchParams.get('token')).toMatch(/^[\w-]{43}$/);
    expect((await get('/', { cookie: cookieOfOther })).status).toBe(403);
    await other.close();
  });
});

describe('the server’s files', () => {
  it.each([
    '/../secret.json',
    '/..%2fsecret.json',
    '/%2e%2e/secret.json',
    '/assets/..%2f..%2fsecret.json',
    '/..\\secret.json',
    '/%00',
    '/%',
    '//etc/passwd',
    '/notes.md',
    '/assets',
    '/assets/',
    '/missing.js',
  ])('does not hand out %s', async (path) => {
    const { status, body } = await get(path, { cookie });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).not.toContain('secret"');
  });

  it('sends the security headers with every answer', async () => {
    for (const [path, headers] of [
      ['/', { cookie }],
      ['/missing.js', { cookie }],
      ['/', {}],
      [`/?token=${TOKEN}`, {}],
    ] as [string, Record<string, string>][]) {
      const answer = await get(path, headers);
      expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
      expect(answer.headers['content-security-policy']).not.toMatch(/unsafe-eval|http/);
      expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    }
  });

  it('keeps the page out of caches, and its hashed parts in them', async () => {
    expect((await get('/', { cookie })).headers['cache-control']).toBe('no-store');
    expect((await get('/assets/app-1a2b.js', { cookie })).headers['cache-control']).toContain('immutable');
  });

  it('answers nothing but GET', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) expect((await get('/', { cookie }, method)).status).toBe(405);
  });
});

describe('the server’s socket', () => {
  const connect = (): WebSocket => new WebSocket(`${origin.replace('http', 'ws')}/socket`, { headers: { cookie, origin } });
  const closed = (socket: WebSocket): Promise<number> => new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));

  it.each([
    ['text', 'hello'],
    ['bytes that are no message', Buffer.from([1, 2, 3])],
    ['a message that is no call', encodeMessage({ hello: 1 })],
  ])('closes on %s', async (_name, message) => {
    const socket = connect();
    socket.on('open', () => socket.send(message));
    expect(await closed(socket)).toBe(1007);
  });

  it('closes on a message above its limit', async () => {
    const socket = connect();
    socket.on('open', () => socket.send(Buffer.alloc(5 * 1024 * 1024)));
    expect(await closed(socket)).toBe(1009);
  });

  it('answers a call for a method that is none, and goes on', async () => {
    const socket = connect();
    const answers: unknown[] = [];
    socket.on('message', (data: Buffer) => answers.push(decodeMessage(data)));
    socket.on('open', () => {
      socket.send(encodeMessage({ id: 1, method: 'constructor' }));
      socket.send(encodeMessage({ id: 2, method: 'dispose' }));
      socket.send(encodeMessage({ id: 3, method: 'getHost' }));
    });
    await expect.poll(() => answers.length).toBe(3);
    expect(answers).toEqual(
      expect.arrayContaining([
        { id: 1, error: expect.objectContaining({ code: 'bad-request' }) },
        { id: 2, error: expect.objectContaining({ code: 'bad-request' }) },
        { id: 3, ok: expect.objectContaining({ kind: 'server' }) },
      ]),
    );
    socket.terminate();
  });
});
