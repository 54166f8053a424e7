import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { RendererFile } from '../client/renderer-files.ts';
import { languageOf } from './page.ts';
import { serveWindow, type WebServer } from './server.ts';

const FILES = new Map<string, RendererFile>([
  ['/', { body: Buffer.from('<!doctype html>'), type: 'text/html; charset=utf-8' }],
  ['/assets/a.js', { body: Buffer.from('1'), type: 'text/javascript; charset=utf-8' }],
]);

const open: WebServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve() {
  const again: string[] = [];
  const pages: WebSocket[] = [];
  const bugs: unknown[] = [];
  const server = await serveWindow({
    files: FILES,
    port: 0,
    onPage: (page) => pages.push(page),
    onAddress: (address) => again.push(address),
    onBug: (error) => bugs.push(error),
  });
  open.push(server);
  return { server, again, pages, bugs, origin: new URL(server.address).origin };
}

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Plain http, so that any header can be sent and no redirect is followed. */
function get(address: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request(address, { method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject).end();
  });
}

/** Visits with the ticket, as a browser would; the cookie that it got. */
async function visit(address: string): Promise<string> {
  return (await visitAsPage(address)).cookie;
}

/** The same, with what the page itself gets to know. */
async function visitAsPage(address: string): Promise<{ cookie: string; protocols: string[] }> {
  const { headers } = await get(address);
  const key = new URL(String(headers.location), address).hash.replace('#key=', '');
  return { cookie: (headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '', protocols: ['kanade-tray', key] };
}

describe('the ticket in the address', () => {
  test('is good once, is turned into a cookie, and is gone from the address', async () => {
    const { server, again } = await serve();
    const first = await get(server.address);
    expect(first.status).toBe(303);
    expect(first.headers.location).toMatch(/^\/#key=[0-9a-f]{64}$/);
    expect(first.headers['set-cookie']?.[0]).toMatch(/; HttpOnly; SameSite=Strict$/);
    expect((await get(server.address)).status).toBe(403);
    expect(again).toHaveLength(1);
    expect((await get(again[0] ?? '')).status).toBe(303);
  });

  test('nothing is served without the cookie', async () => {
    const { server, origin } = await serve();
    for (const path of ['/', '/assets/a.js', '/?ticket=', `/?ticket=${'0'.repeat(64)}`]) {
      const refused = await get(origin + path);
      expect([path, refused.status, refused.body.includes('<')]).toEqual([path, 403, false]);
    }
    const cookie = await visit(server.address);
    expect(await get(`${origin}/assets/a.js`, { cookie })).toMatchObject({ status: 200, body: '1' });
    expect((await get(`${origin}/`, { cookie: `${cookie}0` })).status).toBe(403);
  });
});

test('only files of the map are served, whatever the path says', async () => {
  const { server, origin } = await serve();
  const cookie = await visit(server.address);
  for (const path of [
    '/index.js',
    '/../package.json',
    '/assets/../../package.json',
    '/%2e%2e/package.json',
    '//etc/passwd',
  ]) {
    expect([path, (await get(origin + path, { cookie })).status]).toEqual([path, 404]);
  }
  expect((await get(`${origin}/`, { cookie }, 'POST')).status).toBe(405);
});

test('another name for the loopback is refused, so no other page can reach this one by a name of its own', async () => {
  const { server, origin } = await serve();
  const cookie = await visit(server.address);
  expect((await get(`${origin}/`, { cookie, host: 'evil.example' })).status).toBe(403);
});

test('every answer carries the policy of the window', async () => {
  const { origin } = await serve();
  const { headers } = await get(`${origin}/`);
  const policy = String(headers['content-security-policy']);
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
  ]) {
    expect(policy).toContain(part);
  }
  expect(policy).not.toMatch(/unsafe|\*/);
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  });
});

describe('the link of a page', () => {
  async function connect(origin: string, protocols: string[], headers: Record<string, string>, path = '/link') {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}${path}`, protocols, { headers });
    const outcome = await Promise.race([
      once(socket, 'open').then(() => 'open'),
      once(socket, 'unexpected-response').then(([, response]) =>
        String((response as { statusCode: number }).statusCode),
      ),
    ]);
    socket.on('error', () => {});
    socket.terminate();
    return outcome;
  }

  test('needs the cookie, the key of this page, this page as its origin, and the one path', async () => {
    const { server, again, origin } = await serve();
    const { cookie, protocols } = await visitAsPage(server.address);
    expect(await connect(origin, protocols, { cookie, origin })).toBe('open');
    expect(await connect(origin, protocols, { origin })).toBe('403');
    expect(await connect(origin, protocols, { cookie })).toBe('403');
    expect(await connect(origin, protocols, { cookie, origin: 'http://127.0.0.1:1' })).toBe('403');
    expect(await connect(origin, protocols, { cookie, origin: 'null' })).toBe('403');
    expect(await connect(origin, protocols, { cookie, origin, host: 'evil.example' })).toBe('403');
    expect(await connect(origin, protocols, { cookie, origin }, '/other')).toBe('403');
    // Whoever listens on another port of this PC is sent the cookie too.
    for (const key of [[], ['kanade-tray'], ['kanade-tray', '0'.repeat(64)], ['other', protocols[1] ?? '']])
      expect(await connect(origin, key, { cookie, origin })).toBe('403');
    const other = await visitAsPage(again[0] ?? '');
    expect(await connect(origin, other.protocols, { cookie, origin })).toBe('403');
  });

  test('is ended by a message that is larger than a request may be', async () => {
    const { server, origin, pages } = await serve();
    const { cookie, protocols } = await visitAsPage(server.address);
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/link`, protocols, { headers: { cookie, origin } });
    await once(socket, 'open');
    for (const page of pages) page.on('error', () => {});
    socket.send('x'.repeat(65 * 1024));
    const [code] = await once(socket, 'close');
    expect(code).toBe(1009);
  });
});

/** Sends `bytes` as they are, and gives the first line of what comes back; empty: the connection was closed. */
async function sendRaw(origin: string, bytes: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(origin).port) });
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', () => {});
  socket.write(bytes, 'latin1');
  setTimeout(() => socket.end(), 100);
  await once(socket, 'close');
  return answer.split('\r\n')[0] ?? '';
}

describe('whatever a request is, it is answered, and the server goes on', () => {
  const lines = (...given: string[]) => `${given.join('\r\n')}\r\n\r\n`;
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: x'];
  const odd: [name: string, bytes: (host: string) => string, status: string][] = [
    ['//', (host) => lines('GET // HTTP/1.1', host), '400'],
    ['///', (host) => lines('GET /// HTTP/1.1', host), '400'],
    ['//[', (host) => lines('GET //[ HTTP/1.1', host), '400'],
    ['//a:99999/', (host) => lines('GET //a:99999/ HTTP/1.1', host), '400'],
    ['http://[', (host) => lines('GET http://[ HTTP/1.1', host), '400'],
    ['/%', (host) => lines('GET /% HTTP/1.1', host), '403'],
    ['\\', (host) => lines('GET \\ HTTP/1.1', host), '400'],
    ['*', (host) => lines('OPTIONS * HTTP/1.1', host), '405'],
    [
      'a cookie that is none',
      (host) => lines('GET / HTTP/1.1', host, 'Cookie: ;;=;=a; kanade-tray', 'Cookie: %'),
      '403',
    ],
    ['no host', () => lines('GET / HTTP/1.1'), '400'],
    ['no HTTP', () => lines('\u0000\u0001'), '400'],
    ['a method of nobody', (host) => lines('FROB / HTTP/1.1', host), '400'],
    ['a tunnel', (host) => lines('CONNECT a:1 HTTP/1.1', host), ''],
    ['an upgrade to //', (host) => lines('GET // HTTP/1.1', host, ...upgrade), '403'],
    ['an upgrade without a page', (host) => lines('GET /link HTTP/1.1', host, ...upgrade), '403'],
    ['a header without an end', (host) => `GET / HTTP/1.1\r\n${host}\r\nX: ${'x'.repeat(17_000)}`, '431'],
  ];
  test.each(odd)('%s', async (_, bytes, status) => {
    const { server, origin, bugs } = await serve();
    const said = await sendRaw(origin, bytes(`Host: ${new URL(origin).host}`));
    expect(said.split(' ')[1] ?? '').toBe(status);
    expect((await get(server.address)).status).toBe(303);
    expect(bugs).toEqual([]);
  });

  test('an upgrade whose connection breaks at once', async () => {
    const { server, origin } = await serve();
    const host = `Host: ${new URL(origin).host}`;
    for (let round = 0; round < 20; round += 1) {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(origin).port) });
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write(lines('GET /link HTTP/1.1', host, ...upgrade));
      socket.resetAndDestroy();
    }
    expect((await get(server.address)).status).toBe(303);
  });

  test('a page that can not be served is an error that is told, not the end', async () => {
    const bugs: unknown[] = [];
    const onPage = () => {
      throw new Error('no page');
    };
    const server = await serveWindow({
      files: FILES,
      port: 0,
      onPage,
      onAddress: () => {},
      onBug: (bug) => bugs.push(bug),
    });
    open.push(server);
    const { origin } = new URL(server.address);
    const { cookie, protocols } = await visitAsPage(server.address);
    const page = new WebSocket(`${origin.replace('http', 'ws')}/link`, protocols, { headers: { cookie, origin } });
    await once(page, 'close');
    expect(bugs).toEqual([new Error('no page')]);
    expect((await get(`${origin}/`, { cookie })).status).toBe(200);
  });
});

test('a port that is taken is an error, not another port', async () => {
  const { origin } = await serve();
  const taken = serveWindow({
    files: FILES,
    port: Number(new URL(origin).port),
    onPage: () => {},
    onAddress: () => {},
    onBug: () => {},
  });
  await expect(taken).rejects.toThrow('EADDRINUSE');
});

test.each([
  [undefined, 'en'],
  ['ja,en-US;q=0.9', 'ja'],
  ['fr-FR,ja;q=0.5,en;q=0.4', 'ja'],
  ['de', 'en'],
])('a browser that asks for %j gets %s', (asked, language) => {
  expect(languageOf(asked)).toBe(language);
});
