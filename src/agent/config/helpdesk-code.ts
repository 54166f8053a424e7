/**
 * The code that opens the helpdesk view is kept only as a salted scrypt hash. The hash names its own parameters (PHC
 * string format), so that later ones can be stronger.
 */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

const MIN_CODE_CHARS = 8;
const MAX_CODE_CHARS = 128;
/**
 * 64 MiB and some 0.7 s of a processor for each try, twice what OWASP names as the least (N = 2^17, r = 8, p = 1): rounds instead
 * of more memory, which a small PC may not have to spare.
 */
const COST_LOG2 = 16;
const BLOCK_SIZE = 8;
const LANES = 4;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

export const CODE_HASH_EXPECTED = 'what --hash-code prints';

/** Hashes a new code, of at least 8 characters (threat-model §4). */
export async function hashHelpdeskCode(
  code: string,
): Promise<{ readonly ok: true; readonly hash: string } | { readonly ok: false; readonly error: string }> {
  const chars = canonical(code).length;
  if (chars < MIN_CODE_CHARS || chars > MAX_CODE_CHARS) {
    return { ok: false, error: `the code must have ${MIN_CODE_CHARS} to ${MAX_CODE_CHARS} characters` };
  }
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(code, salt, HASH_BYTES, COST_LOG2, BLOCK_SIZE, LANES);
  return { ok: true, hash: `$scrypt$ln=${COST_LOG2},r=${BLOCK_SIZE},p=${LANES}$${base64(salt)}$${base64(hash)}` };
}

/** True where `code` is the one that `hash` was made of; false also for a hash that can't be read. */
export async function verifyHelpdeskCode(code: string, hash: string): Promise<boolean> {
  const parts = parseHash(hash);
  if (parts === null || code.length > MAX_CODE_CHARS) return false;
  const derived = await derive(code, parts.salt, parts.hash.length, parts.costLog2, parts.blockSize, parts.lanes);
  return timingSafeEqual(derived, parts.hash);
}

export function isCodeHash(text: string): boolean {
  return parseHash(text) !== null;
}

/** Whether each try of a code costs as much as with a hash that is made today. */
export function isStrongHash(text: string): boolean {
  const parts = parseHash(text);
  return parts !== null && 2 ** parts.costLog2 * parts.blockSize * parts.lanes >= 2 ** COST_LOG2 * BLOCK_SIZE * LANES;
}

function parseHash(text: string) {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{16,86})\$([A-Za-z0-9+/]{22,86})$/.exec(
    text,
  );
  if (match === null) return null;
  const [costLog2, blockSize, lanes] = match.slice(1, 4).map(Number);
  // What is weaker protects nothing; what is stronger would take more memory than the agent may use.
  if (costLog2 === undefined || costLog2 < 12 || costLog2 > 16) return null;
  if (blockSize === undefined || blockSize < 1 || blockSize > 8 || lanes === undefined || lanes < 1 || lanes > 4) {
    return null;
  }
  const bytes = (at: number) => Buffer.from(match[at] ?? '', 'base64');
  return { costLog2, blockSize, lanes, salt: bytes(4), hash: bytes(5) };
}

function derive(code: string, salt: Buffer, bytes: number, costLog2: number, blockSize: number, lanes: number) {
  const cost = 2 ** costLog2;
  const options: ScryptOptions = { N: cost, r: blockSize, p: lanes, maxmem: 256 * cost * blockSize };
  return new Promise<Buffer>((resolve, reject) => {
    scrypt(canonical(code), salt, bytes, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

/** A Japanese keyboard may type full-width digits and letters: they are the same code. */
function canonical(code: string): string {
  return code.normalize('NFKC');
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
