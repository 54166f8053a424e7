import { rootCertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { distinct, type TlsTexts, tlsOptions, UnusableSignIn } from './sign-in.ts';

const URL_OF_TLS = new URL('tls://broker.example');
const [ONE = '', OTHER = ''] = rootCertificates;
const NO_FILES: TlsTexts = { ca: null, cert: null, key: null, serverName: null };

test('an authority that stands in several lists is trusted once, however it is written', () => {
  const rewrapped = ONE.replaceAll('\n', '\r\n');
  expect(distinct([ONE, OTHER, `${ONE}\n`, rewrapped])).toHaveLength(2);
});

test('the authorities are read once for all tries with the same files, and again where one has changed', () => {
  const first = tlsOptions(URL_OF_TLS, { ...NO_FILES, ca: ONE })?.secureContext;
  expect(first).toBeDefined();
  const named = tlsOptions(URL_OF_TLS, { ...NO_FILES, ca: ONE, serverName: 'broker' });
  expect(named).toEqual({ secureContext: first, servername: 'broker' });
  expect(named?.secureContext).toBe(first);
  expect(tlsOptions(URL_OF_TLS, { ...NO_FILES, ca: OTHER })?.secureContext).not.toBe(first);
});

test('a certificate that is none is said before any server is asked', () => {
  const none = () => tlsOptions(URL_OF_TLS, { ...NO_FILES, cert: 'none', key: 'none' });
  expect(none).toThrow(UnusableSignIn);
  expect(none).toThrow(/^the files of \[tls\] can't be used \(.*no start line\)$/);
});
