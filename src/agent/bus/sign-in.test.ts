import { rootCertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { distinct, type TlsTexts, tlsOptions, UnusableSignIn } from './sign-in.ts';

const OVER_TLS = { url: new URL('tls://broker.example'), certificateOf: null };
const [ONE = '', OTHER = ''] = rootCertificates;
const NO_FILES: TlsTexts = { ca: null, cert: null, key: null, serverName: null };

test('an authority that stands in several lists is trusted once, however it is written', () => {
  const rewrapped = ONE.replaceAll('\n', '\r\n');
  expect(distinct([ONE, OTHER, `${ONE}\n`, rewrapped])).toHaveLength(2);
});

test('the authorities are read once for all tries with the same files, and again where one has changed', () => {
  const first = tlsOptions(OVER_TLS, { ...NO_FILES, ca: ONE })?.secureContext;
  expect(first).toBeDefined();
  const named = tlsOptions(OVER_TLS, { ...NO_FILES, ca: ONE, serverName: 'broker' });
  expect(named).toEqual({ secureContext: first, host: 'broker.example', servername: 'broker' });
  expect(named?.secureContext).toBe(first);
  expect(tlsOptions(OVER_TLS, { ...NO_FILES, ca: OTHER })?.secureContext).not.toBe(first);
});

test('a certificate that is none is said before any server is asked', () => {
  const none = () => tlsOptions(OVER_TLS, { ...NO_FILES, cert: 'none', key: 'none' });
  expect(none).toThrow(UnusableSignIn);
  expect(none).toThrow(/^the files of \[tls\] can't be used \(.*no start line\)$/);
});

test('a server is who its host says, an address too, or whoever it has to be like', () => {
  const named = (href: string, certificateOf: string | null = null, serverName: string | null = null) => {
    const options = tlsOptions({ url: new URL(href), certificateOf }, { ...NO_FILES, ca: ONE, serverName });
    return [options?.host, options?.servername];
  };
  expect(named('tls://broker.example:4222')).toEqual(['broker.example', 'broker.example']);
  expect(named('tls://192.0.2.1:4222')).toEqual(['192.0.2.1', '']);
  expect(named('wss://[2001:db8::1]:443')).toEqual(['2001:db8::1', '']);
  expect(named('tls://192.0.2.1:4222', 'broker.example')).toEqual(['broker.example', 'broker.example']);
  expect(named('tls://other.example:4222', '192.0.2.1')).toEqual(['192.0.2.1', '']);
  expect(named('tls://192.0.2.1:4222', 'broker.example', 'fleet')).toEqual(['broker.example', 'fleet']);
});
