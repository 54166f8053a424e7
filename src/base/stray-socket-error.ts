/** What the network, or its other end, does to a socket (Node, `errors`; errno). */
const CODES = new Set([
  'ERR_STREAM_WRITE_AFTER_END',
  'ERR_STREAM_DESTROYED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTCONN',
]);

/**
 * True for the failure of a socket that its owner had let go of: no bug of ours, and no reason to end. The client library of the
 * broker takes its listeners away between two steps of a connection and at its end; an error event that falls into such a gap
 * reaches the process as an exception.
 */
export function isStraySocketError(error: unknown): error is Error {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' && CODES.has(code);
}
