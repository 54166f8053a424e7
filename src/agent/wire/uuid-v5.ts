/** UUIDs made of a name: the same name gives the same id on every PC and after every restart. */
import { createHash, type UUID } from 'node:crypto';

/** RFC 4122, appendix C: the name space of ISO object identifiers. */
export const OID_NAMESPACE = '6ba7b812-9dad-11d1-80b4-00c04fd430c8';

/** The UUID that always belongs to this name in this name space (RFC 4122 §4.3, SHA-1). */
export function uuidV5(namespace: string, name: string): UUID {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest()
    .subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
