/** Asking a PC for the end of its log. */
import { decodeObject } from './fields.ts';

const DEFAULT_TAIL_LINES = 500;

/** A request for the log (protocol §3.4): whatever can't be read asks for 500 lines, an empty payload too. */
export function decodeLogsRequest(body: Uint8Array): { tailLines: number } {
  const decoded = decodeObject(body, 'tailLines', (fields) => fields.u32('tail_lines'));
  return { tailLines: decoded.ok ? decoded.tailLines : DEFAULT_TAIL_LINES };
}
