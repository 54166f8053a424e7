import { expect, test } from 'vitest';
import { Peers, type Server } from './peers.ts';

const server = (href: string, certificateOf: string | null = null): Server => ({ url: new URL(href), certificateOf });
const NOBODY = new Set<string>();

/** What becomes of these names. */
function named(by: Server, names: readonly string[], proven = true) {
  const peers = new Peers();
  peers.replace({ names, proven }, by);
  return peers
    .others(NOBODY)
    .map(({ url, certificateOf }) => [url.href, certificateOf] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

test.each(['nats', 'tls', 'wss'])('who was named over %s:// is spoken to as who has named it', (scheme) => {
  expect(named(server(`${scheme}://a.example:4222`), ['b.example:4222'])).toEqual([
    [new URL(`${scheme}://b.example:4222`).href, null],
  ]);
});

test('without TLS one speaks to a web port of this PC alone', () => {
  const names = ['192.0.2.2:80', 'b.example:80', '127.0.0.1:81', 'localhost:82', '[::1]:83'];
  const hrefs = named(server('ws://127.0.0.1:80'), names).map(([href]) => href);
  expect(hrefs).toEqual(['ws://127.0.0.1:81/', 'ws://[::1]:83/', 'ws://localhost:82/']);
});

test('an address has the certificate of the name that has named it, and what that one names in turn too', () => {
  const by = server('tls://a.example:4222');
  expect(named(by, ['192.0.2.2:4222'])).toEqual([['tls://192.0.2.2:4222', 'a.example']]);
  const peer = server('tls://192.0.2.2:4222', 'a.example');
  expect(named(peer, ['192.0.2.3:4222', 'c.example:4222'])).toEqual([
    ['tls://192.0.2.3:4222', 'a.example'],
    ['tls://c.example:4222', null],
  ]);
  expect(named(server('tls://192.0.2.1:4222'), ['192.0.2.2:4222'])).toEqual([['tls://192.0.2.2:4222', null]]);
});

test('who was named where anybody could have written it is like who has named it, or nobody', () => {
  for (const by of ['a.example', '192.0.2.1'])
    expect(named(server(`tls://${by}:4222`), ['evil.example:4222', '192.0.2.2:4222'], false)).toEqual([
      ['tls://192.0.2.2:4222', by],
      ['tls://evil.example:4222', by],
    ]);
});

test('what no address is is left out, also what is known already; who was tried last comes last', () => {
  const peers = new Peers();
  const by = server('nats://a:4222');
  peers.replace({ names: ['b:1', '[fe80::1%eth0]:4222', 'c:1', 'a:4222'], proven: true }, by);
  const hosts = () => peers.others(new Set(['a:4222'])).map(({ url }) => url.host);
  expect(hosts().sort()).toEqual(['b:1', 'c:1']);
  peers.noteTry(server('nats://b:1'), 5);
  expect(hosts()).toEqual(['c:1', 'b:1']);
  peers.noteTry(server('nats://c:1'), 9);
  expect(hosts()).toEqual(['b:1', 'c:1']);
});
