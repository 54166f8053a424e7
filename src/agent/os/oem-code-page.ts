/**
 * Text in the code page that console programs of this Windows write in when they do not write UTF-8 (D7): `cmd`, and
 * PowerShell where it may not be switched.
 */
import { native } from './windows/native.ts';

/** The decoder for this system; null elsewhere than on Windows: there everything else than UTF-8 is just broken. */
export function oemDecoder(): ((bytes: Uint8Array) => string) | null {
  return process.platform === 'win32' ? decodeOem : null;
}

function decodeOem(bytes: Uint8Array): string {
  if (bytes.length === 0) return '';
  const codePage = native().GetOEMCP();
  // Never more units of UTF-16 than bytes, in any OEM code page.
  const text = Buffer.alloc(bytes.length * 2);
  const units = native().MultiByteToWideChar(codePage, 0, bytes, bytes.length, text, bytes.length);
  return units > 0 ? text.toString('utf16le', 0, units * 2) : Buffer.from(bytes).toString('latin1');
}
