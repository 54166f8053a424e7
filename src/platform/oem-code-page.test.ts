import { expect, it } from 'vitest';
import { oemDecoder } from './oem-code-page.ts';

it.skipIf(process.platform === 'win32')('is not there elsewhere than on Windows', () => {
  expect(oemDecoder()).toBeNull();
});

it.runIf(process.platform === 'win32')('decodes ASCII as such, and any other byte as something', () => {
  const decode = oemDecoder();
  expect(decode?.(Buffer.from('abc\r\n'))).toBe('abc\r\n');
  expect(decode?.(Buffer.from([0x82, 0x41]))).not.toBe('');
  expect(decode?.(Buffer.alloc(0))).toBe('');
});
