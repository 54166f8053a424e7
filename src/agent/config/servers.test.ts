import { expect, test } from 'vitest';
import { parseServers } from './servers.ts';

test.each([
  ['nats://host', ['nats://host:4222']],
  ['host', ['nats://host:4222']],
  ['host:4333', ['nats://host:4333']],
  ['NATS://Host:1', ['nats://Host:1']],
  ['tls://a.example.com', ['tls://a.example.com:4222']],
  ['wss://a', ['wss://a:443']],
  ['wss://a/nats', ['wss://a:443/nats']],
  ['wss://a:8443/', ['wss://a:8443']],
  ['ws://localhost:80', ['ws://localhost:80']],
  ['ws://127.3.2.1', ['ws://127.3.2.1:80']],
  ['ws://[::1]', ['ws://[::1]:80']],
  ['nats://[2001:db8::1]:4223', ['nats://[2001:db8::1]:4223']],
  ['10.0.0.1', ['nats://10.0.0.1:4222']],
  [' a , tls://b:2 ,c ', ['nats://a:4222', 'tls://b:2', 'nats://c:4222']],
])('%j is read', (text, urls) => {
  expect(parseServers(text)).toEqual({ ok: true, list: { urls, credentials: null } });
});

test.each([
  ['nats://u:p@h', { kind: 'user', user: 'u', password: 'p' }],
  ['nats://u:a%40b%3Ac@h', { kind: 'user', user: 'u', password: 'a@b:c' }],
  ['nats://u:a@b@h', { kind: 'user', user: 'u', password: 'a@b' }],
  ['u:@h', { kind: 'user', user: 'u', password: '' }],
  ['nats://s3cret@h', { kind: 'token', token: 's3cret' }],
  ['nats://a, nats://x:1@b, nats://y:2@c', { kind: 'user', user: 'x', password: '1' }],
] as const)('%j has credentials, which are taken out of the list', (text, credentials) => {
  const parsed = parseServers(text);
  expect(parsed.ok && parsed.list.credentials).toEqual(credentials);
  expect(parsed.ok && parsed.list.urls.join()).not.toContain('@');
});

test.each([
  ['', /^servers such as/],
  ['nats://a,,nats://b', /^servers such as/],
  ['nats://a,', /^servers such as/],
  ['nats://', /^a host name/],
  ['http://a', /^one of nats:/],
  ['mqtt://a', /^one of nats:/],
  ['nats://a b', /^a host name/],
  ['nats://-a', /^a host name/],
  ['nats://a..b', /^a host name/],
  ['nats://端末', /^a host name/],
  [`nats://${'a'.repeat(254)}`, /^a host name/],
  ['nats://[::1', /^servers such as/],
  ['nats://[::g]', /^a host name/],
  ['2001:db8::1', /^servers such as|^a port/],
  ['nats://a:0', /^a port/],
  ['nats://a:65536', /^a port/],
  ['nats://a:', /^a port/],
  ['nats://a:42 22', /^a port/],
  ['nats://a:4222x', /^a port/],
  ['ws://a', /^wss:/],
  ['ws://127.0.0.1.example.com', /^wss:/],
  ['nats://a/path', /^a server without a path/],
  ['nats://a?tls=1', /^a server without \?/],
  ['wss://a#x', /^a server without \?/],
  ['nats://@a', /^credentials as/],
  ['nats://:p@a', /^credentials as/],
  ['nats://u:%zz@a', /^credentials as/],
  [Array(65).fill('a').join(), /^at most 64/],
])('%j is refused', (text, expected) => {
  const parsed = parseServers(text);
  expect(parsed.ok ? 'accepted' : parsed.expected).toMatch(expected);
});
