/**
 * JSON-RPC 2.0 between two peers over any {@link Link}; there is no transport in here. Whatever comes in that is not an
 * answer is answered, with a result or an error: never with silence. A push is a notification; nothing answers it.
 */
import { CallError, FAULT_CODES, Fault, faultName } from './faults.ts';
import type { Link } from './link.ts';

/** Takes the params as they came, answers with a result or a {@link Fault}. A rejection is a bug. */
export type Method = (params: unknown) => unknown;

export interface PeerOptions {
  /** The method of this name, or why it can't be called now. */
  readonly resolve: (method: string) => Method | Fault;
  /** Asked for each message before it is looked at. False: it is dropped, without an answer. */
  readonly admits?: () => boolean;
  /** A push of the other side. Where absent, notifications are answered with an error. */
  readonly onPush?: (method: string, params: unknown) => void;
  /** An error that answers no call of ours: the other side could not read one, or hangs up. */
  readonly onFault?: (fault: Fault) => void;
  /** The answer to a call of this method has gone out. */
  readonly onAnswered?: (method: string) => void;
  /** A method threw: that is a bug of ours, the caller only hears "internal error". */
  readonly onBug?: (method: string, error: unknown) => void;
}

export interface Peer {
  /** Rejects with {@link CallError} for an error answer, with {@link LinkClosed} when the link closes first, with the signal's reason. */
  readonly call: (method: string, params: unknown, signal?: AbortSignal) => Promise<unknown>;
  readonly push: (method: string, params: unknown) => void;
}

export class LinkClosed extends Error {
  override readonly name = 'LinkClosed';
}

const MAX_ID_CHARS = 100;

type Id = string | number;
type Incoming =
  | { readonly kind: 'call'; readonly id: Id; readonly method: string; readonly params: unknown }
  | { readonly kind: 'push'; readonly method: string; readonly params: unknown }
  | { readonly kind: 'result'; readonly id: unknown; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: unknown; readonly fault: Fault }
  | { readonly kind: 'bad'; readonly id: Id | null; readonly fault: Fault };

/** Speaks JSON-RPC on `link` until it closes. */
export function peer(link: Link, options: PeerOptions): Peer {
  const pending = new Map<Id, { resolve(value: unknown): void; reject(error: unknown): void; method: string }>();
  let lastId = 0;
  let closed = false;

  link.onClose(() => {
    closed = true;
    for (const call of pending.values()) call.reject(new LinkClosed(`${call.method}: the connection is closed`));
    pending.clear();
  });
  link.onMessage((text) => {
    if (options.admits?.() === false) return;
    const message = readMessage(text);
    switch (message.kind) {
      case 'call':
        void answer(message.id, message.method, message.params);
        break;
      case 'push':
        if (options.onPush !== undefined) options.onPush(message.method, message.params);
        else link.send(errorAnswer(null, new Fault('invalid_request', 'a call needs an id')));
        break;
      case 'result':
        settle(message.id)?.resolve(message.result);
        break;
      case 'error': {
        const call = settle(message.id);
        if (call === undefined) options.onFault?.(message.fault);
        else call.reject(new CallError(call.method, message.fault));
        break;
      }
      case 'bad':
        link.send(errorAnswer(message.id, message.fault));
        break;
    }
  });

  function settle(id: unknown) {
    if (typeof id !== 'number') return undefined;
    const call = pending.get(id);
    pending.delete(id);
    return call;
  }

  async function answer(id: Id, method: string, params: unknown): Promise<void> {
    let result: unknown;
    try {
      const found = options.resolve(method);
      result = found instanceof Fault ? found : await found(params);
    } catch (error) {
      options.onBug?.(method, error);
      result = new Fault('internal', 'internal error');
    }
    if (closed) return;
    if (result instanceof Fault) {
      link.send(errorAnswer(id, result));
      return;
    }
    try {
      link.send(JSON.stringify({ jsonrpc: '2.0', id, result: result ?? null }));
      options.onAnswered?.(method);
    } catch (error) {
      // RangeError: the carrier can't hold it (`Link.send`). Anything else is an answer that is no JSON.
      if (error instanceof RangeError) {
        link.send(errorAnswer(id, new Fault('too_large', 'the answer is too large; ask for less')));
        return;
      }
      options.onBug?.(method, error);
      link.send(errorAnswer(id, new Fault('internal', 'internal error')));
    }
  }

  return {
    call: (method, params, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        if (closed) return reject(new LinkClosed(`${method}: the connection is closed`));
        lastId += 1;
        const id = lastId;
        // First: where it throws, nothing waits for an answer. None can come before this function ends.
        link.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
        const onAbort = () => {
          pending.delete(id);
          reject(signal?.reason);
        };
        const done = () => signal?.removeEventListener('abort', onAbort);
        pending.set(id, {
          method,
          resolve: (value) => {
            done();
            resolve(value);
          },
          reject: (error) => {
            done();
            reject(error);
          },
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    push: (method, params) => {
      if (!closed) link.send(JSON.stringify({ jsonrpc: '2.0', method, params }));
    },
  };
}

/** An error answer as it travels; `id` is null where the call's own could not be read. */
export function errorAnswer(id: Id | null, { name, message, data }: Fault): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id,
    error: { code: FAULT_CODES[name], message, data: { ...data, fault: name } },
  });
}

function readMessage(text: string): Incoming {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return { kind: 'bad', id: null, fault: new Fault('parse_error', 'this is not JSON') };
  }
  if (!isObject(message) || message.jsonrpc !== '2.0') {
    return { kind: 'bad', id: null, fault: new Fault('invalid_request', 'expected one JSON-RPC 2.0 object') };
  }
  const { id, method, params = {} } = message;
  if (method === undefined && 'result' in message) return { kind: 'result', id, result: message.result };
  if (method === undefined && 'error' in message) return { kind: 'error', id, fault: readFault(message.error) };
  const known = isId(id) ? id : null;
  if (typeof method !== 'string') {
    return { kind: 'bad', id: known, fault: new Fault('invalid_request', 'a call names its method') };
  }
  if (id === undefined) return { kind: 'push', method, params };
  if (known === null) {
    return { kind: 'bad', id: null, fault: new Fault('invalid_request', 'an id is a whole number or a short string') };
  }
  return { kind: 'call', id: known, method, params };
}

function readFault(error: unknown): Fault {
  if (!isObject(error)) return new Fault('internal', 'unreadable error');
  const message = typeof error.message === 'string' ? error.message : 'unknown error';
  return new Fault(faultName(error.code), message, isObject(error.data) ? error.data : {});
}

function isId(id: unknown): id is Id {
  return typeof id === 'string' ? id.length <= MAX_ID_CHARS : Number.isSafeInteger(id);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
