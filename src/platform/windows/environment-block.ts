/** Environment blocks of Windows: `NAME=value` strings in UTF-16, each ended by a NUL, the whole by one more. */
import { decodeText, type Handle, lastError, native } from './native.ts';

/** The environment that the account of `token` gets at its sign-in. Throws if Windows refuses. */
export function environmentOf(token: Handle): Record<string, string> {
  const block: [bigint] = [0n];
  if (native().CreateEnvironmentBlock(block, token, 0) === 0) throw lastError('CreateEnvironmentBlock');
  try {
    return readBlock(block[0]);
  } finally {
    native().DestroyEnvironmentBlock(block[0]);
  }
}

function readBlock(start: bigint): Record<string, string> {
  const environment: Record<string, string> = {};
  for (let at = start; ; ) {
    const units = native().lstrlenW(at);
    if (units === 0) return environment;
    addEntry(environment, decodeText(at, units));
    at += BigInt((units + 1) * 2);
  }
}

/** Names of the hidden entries for the drives' directories begin with `=`, so the sign is looked for from the second on. */
function addEntry(environment: Record<string, string>, entry: string): void {
  const sign = entry.indexOf('=', 1);
  if (sign > 0) environment[entry.slice(0, sign)] = entry.slice(sign + 1);
}

/** Windows wants the names sorted, without regard to case. */
export function encodeBlock(environment: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(environment).map(([name, value]) => ({
    key: name.toUpperCase(),
    text: `${name}=${value}`,
  }));
  entries.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return Buffer.from(`${entries.map((entry) => `${entry.text}\0`).join('') || '\0'}\0`, 'utf16le');
}
