/**
 * The window for machines without Electron: the same build, served on the loopback to whoever holds the ticket, and one
 * WebSocket a page. Every request must name this very server (no other name of the loopback: a page elsewhere can't reach it
 * by a name of its own), and a WebSocket must come from this very page. Whatever a request is, it is answered, and the server
 * goes on: anything on this PC, and any page in a browser here, can send one.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { contentSecurityPolicy, type RendererFile } from '../client/renderer-files.ts';
import { MAX_REQUEST_BYTES } from '../shared/frames.ts';
import { PAGE_KEY, PAGE_PROTOCOL } from '../shared/page-key.ts';
import { Tickets } from './tickets.ts';

export interface WebServerOptions {
  readonly files: ReadonlyMap<string, RendererFile>;
  /** 0: any that is free. */
  readonly port: number;
  /** A page has connected. */
  readonly onPage: (socket: WebSocket, request: IncomingMessage) => void;
  /** A ticket was used; the address for the next visit. */
  readonly onAddress: (address: string) => void;
  /** Answering a request has thrown: a bug of ours. */
  readonly onBug: (error: unknown) => void;
}

export interface WebServer {
  /** Where the window can be opened once. */
  readonly address: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const LINK_PATH = '/link';
const NOT_YOURS =
  'Open the address that was printed where this page is served from. It is good for one visit.\n' +
  'このページの起動元に表示されたアドレスを開いてください。アドレスは一度だけ有効です。\n';

/** Rejects where the port is taken. */
export async function serveWindow(options: WebServerOptions): Promise<WebServer> {
  const tickets = new Tickets();
  const server = createServer((request, response) => {
    guarded(
      () => answer(request, response),
      () => response.destroy(),
    );
  });
  const pages = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_REQUEST_BYTES,
    handleProtocols: () => PAGE_PROTOCOL,
  });
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  const authority = `${HOST}:${port}`;
  const origin = `http://${authority}`;
  const cookie = `kanade-tray-${port}`;
  const address = () => `${origin}/?ticket=${tickets.ticket}`;

  server.on('upgrade', (request, socket, head) => {
    // From here on nobody else listens, and a connection may break at any time.
    socket.on('error', () => socket.destroy());
    const allowed =
      request.headers.host === authority &&
      request.headers.origin === origin &&
      request.url === LINK_PATH &&
      tickets.isPage(cookieOf(request, cookie), keyOf(request));
    if (!allowed) socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
    else
      guarded(
        () => pages.handleUpgrade(request, socket, head, (page) => options.onPage(page, request)),
        () => socket.destroy(),
      );
  });

  function guarded(work: () => void, giveUp: () => void): void {
    try {
      work();
    } catch (error) {
      options.onBug(error);
      giveUp();
    }
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(headers(authority))) response.setHeader(name, value);
    const url = URL.parse(request.url ?? '/', origin);
    const ticket = url?.searchParams.get('ticket') ?? null;
    if (request.headers.host !== authority) refuse(response, 403, NOT_YOURS);
    else if (url === null) refuse(response, 400, 'This is no address.\n');
    else if (request.method !== 'GET') refuse(response, 405, 'Only GET.\n');
    else if (ticket !== null && url.pathname === '/') redeem(ticket, response);
    else if (!tickets.isSession(cookieOf(request, cookie))) refuse(response, 403, NOT_YOURS);
    else serve(options.files.get(url.pathname), response);
  }

  function serve(file: RendererFile | undefined, response: ServerResponse): void {
    if (file === undefined) refuse(response, 404, 'There is no such page.\n');
    else response.writeHead(200, { 'content-type': file.type, 'content-length': file.body.length }).end(file.body);
  }

  function redeem(ticket: string, response: ServerResponse): void {
    const session = tickets.redeem(ticket);
    if (session === null) {
      refuse(response, 403, NOT_YOURS);
      return;
    }
    const kept = `${cookie}=${session.cookie}; Path=/; HttpOnly; SameSite=Strict`;
    // What stands behind `#` goes to nobody else, in no request and no referrer.
    response.writeHead(303, { location: `/#${PAGE_KEY}${session.key}`, 'set-cookie': kept });
    response.end();
    options.onAddress(address());
  }

  return {
    address: address(),
    close: async () => {
      for (const page of pages.clients) page.terminate();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function headers(authority: string): Readonly<Record<string, string>> {
  return {
    'content-security-policy': contentSecurityPolicy(`'self' ws://${authority}`),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), display-capture=(), usb=()',
    'cache-control': 'no-store',
  };
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = part.trim().split('=');
    if (key === name) return value;
  }
  return undefined;
}

/** As the page names it: the protocol, and the key as if it were another one. */
function keyOf(request: IncomingMessage): string | undefined {
  const [protocol, key] = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim());
  return protocol === PAGE_PROTOCOL ? key : undefined;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
