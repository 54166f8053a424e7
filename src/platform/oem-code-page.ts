/**
 * Text in the code page that console programs of this Windows write in when they do not write UTF-8 (D7): `cmd`, and
 * PowerShell where it may not be switched.
 */
import { native } from './windows/native.ts';

const UTF_8 = 65_001;
/** A character that is not there becomes none that looks like it. */
const WC_NO_BEST_FIT_CHARS = 0x0400;

/** The decoder for this system; null elsewhere than on Windows: there everything else than UTF-8 is just broken. */
export function oemDecoder(): ((bytes: Uint8Array) => string) | null {
  return process.platform === 'win32' ? decodeOem : null;
}

/** `text` in that code page; null: it has a character that is not in it. */
export function encodeOem(text: string): Buffer | null {
  const codePage = native().GetOEMCP();
  if (codePage === UTF_8) return Buffer.from(text);
  // No OEM code page needs more than four bytes for a unit of UTF-16.
  const bytes = Buffer.alloc(text.length * 4 + 1);
  const missing: [number] = [0];
  const flags = WC_NO_BEST_FIT_CHARS;
  const length = native().WideCharToMultiByte(codePage, flags, text, text.length, bytes, bytes.length, null, missing);
  return length > 0 && missing[0] === 0 ? bytes.subarray(0, length) : null;
}

function decodeOem(bytes: Uint8Array): string {
  if (bytes.length === 0) return '';
  const codePage = native().GetOEMCP();
  // Never more units of UTF-16 than bytes, in any OEM code page.
  const text = Buffer.alloc(bytes.length * 2);
  const units = native().MultiByteToWideChar(codePage, 0, bytes, bytes.length, text, bytes.length);
  return units > 0 ? text.toString('utf16le', 0, units * 2) : Buffer.from(bytes).toString('latin1');
}
