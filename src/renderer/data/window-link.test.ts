import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PAGE_PROTOCOL } from '../../shared/page-key.ts';
import { type ExposedLink, windowLink } from './window-link.ts';

/** What a page has of a WebSocket; the test is the network. */
class Socket extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 3;
  static readonly opened: Socket[] = [];
  readonly sent: string[] = [];
  readyState: number = Socket.CONNECTING;
  readonly url: string;
  readonly protocols: readonly string[];

  constructor(url: string, protocols: readonly string[]) {
    super();
    this.url = url;
    this.protocols = protocols;
    Socket.opened.push(this);
  }

  send(text: string): void {
    if (this.readyState === Socket.CONNECTING) throw new DOMException('still connecting', 'InvalidStateError');
    this.sent.push(text);
  }

  close(): void {
    this.readyState = Socket.CLOSED;
    this.dispatchEvent(new Event('close'));
  }

  open(): void {
    this.readyState = Socket.OPEN;
    this.dispatchEvent(new Event('open'));
  }

  receive(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

/** The page at this address; what its tab keeps stays in `kept`. */
function pageAt(address: string, kept = new Map<string, string>()) {
  const { host, hash, pathname } = new URL(address);
  const replaceState = vi.fn();
  vi.stubGlobal('window', {});
  vi.stubGlobal('WebSocket', Socket);
  vi.stubGlobal('location', { host, hash, pathname });
  vi.stubGlobal('history', { replaceState });
  vi.stubGlobal('sessionStorage', {
    setItem: (name: string, value: string) => void kept.set(name, value),
    getItem: (name: string) => kept.get(name) ?? null,
  });
  return { kept, replaceState };
}

function linkOf() {
  const link = windowLink();
  const socket = Socket.opened.at(-1);
  if (socket === undefined) throw new Error('no socket was opened');
  const heard: string[] = [];
  link.onMessage((text) => heard.push(text));
  link.onClose(() => heard.push('closed'));
  return { link, socket, heard };
}

beforeEach(() => void Socket.opened.splice(0));
afterEach(() => void vi.unstubAllGlobals());

describe('in a browser', () => {
  test('the link goes to where the page came from, with the key, which leaves the address', () => {
    const { replaceState } = pageAt('http://127.0.0.1:4711/#key=abc');
    expect(linkOf().socket).toMatchObject({ url: 'ws://127.0.0.1:4711/link', protocols: [PAGE_PROTOCOL, 'abc'] });
    expect(replaceState).toHaveBeenCalledWith(null, '', '/');
  });

  test('a page that is loaded again in its tab has its key still; another one has none', () => {
    const { kept } = pageAt('http://127.0.0.1:4711/#key=abc');
    linkOf();
    const again = pageAt('http://127.0.0.1:4711/', kept);
    expect(linkOf().socket.protocols).toEqual([PAGE_PROTOCOL, 'abc']);
    expect(again.replaceState).not.toHaveBeenCalled();
    pageAt('http://127.0.0.1:4711/');
    expect(linkOf().socket.protocols).toEqual([PAGE_PROTOCOL, 'none']);
  });

  test('what is sent before it is open goes first, in its order; after its end nothing goes', () => {
    pageAt('http://127.0.0.1:4711/');
    const { link, socket } = linkOf();
    link.send('1');
    link.send('2');
    expect(socket.sent).toEqual([]);
    socket.open();
    link.send('3');
    expect(socket.sent).toEqual(['1', '2', '3']);
    socket.close();
    link.send('4');
    expect(socket.sent).toEqual(['1', '2', '3']);
  });

  test('texts are heard until the close, which is told once', () => {
    pageAt('http://127.0.0.1:4711/');
    const { link, socket, heard } = linkOf();
    socket.open();
    socket.receive('a');
    socket.receive(new Uint8Array(1));
    socket.receive('b');
    link.close();
    socket.receive('late');
    expect(heard).toEqual(['a', 'b', 'closed']);
  });
});

test('in Electron the link is what the preload gives, and no socket is opened', () => {
  pageAt('http://127.0.0.1:4711/');
  const sent: string[] = [];
  let receive = (_text: string) => {};
  const exposed: ExposedLink = {
    send: (text) => void sent.push(text),
    onMessage: (to) => {
      receive = to;
    },
    onClose: () => {},
  };
  vi.stubGlobal('window', { kanadeLink: exposed });
  const link = windowLink();
  const heard: string[] = [];
  link.onMessage((text) => heard.push(text));
  link.send('1');
  receive('2');
  expect([sent, heard, Socket.opened]).toEqual([['1'], ['2'], []]);
});
