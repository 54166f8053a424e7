/**
 * One way to talk, whatever carries it: a socket, a pipe, Electron IPC, a WebSocket, memory. A message is one JSON text;
 * order is kept, and nothing is delivered after the close.
 */
export interface Link {
  /** Sends one JSON text. Does nothing once the link is closed. Throws RangeError where the carrier can't hold it. */
  send(text: string): void;
  /** Only one receiver: messages that come before it is set are kept for it. */
  onMessage(receive: (text: string) => void): void;
  /** Called once, also when the link has closed already. */
  onClose(closed: () => void): void;
  close(): void;
}

/** A peer that does not read is cut off instead of filling our memory. */
export const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

/** What every carrier needs: keeps early messages, and says "closed" once to each who asks. */
export class LinkEvents {
  #receive: ((text: string) => void) | null = null;
  #early: string[] = [];
  readonly #onClose: (() => void)[] = [];
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  deliver(text: string): void {
    if (this.#closed) return;
    if (this.#receive === null) this.#early.push(text);
    else this.#receive(text);
  }

  onMessage(receive: (text: string) => void): void {
    this.#receive = receive;
    const early = this.#early;
    this.#early = [];
    for (const text of early) receive(text);
  }

  onClose(closed: () => void): void {
    if (this.#closed) closed();
    else this.#onClose.push(closed);
  }

  /** True for the first call only. */
  close(): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    for (const closed of this.#onClose) closed();
    return true;
  }
}

/** Two ends in one process. Delivery is asynchronous, as on every real carrier. */
export function memoryLinks(): [Link, Link] {
  const left = new LinkEvents();
  const right = new LinkEvents();
  return [end(left, right), end(right, left)];
}

function end(own: LinkEvents, other: LinkEvents): Link {
  return {
    send: (text) => {
      if (!own.closed) queueMicrotask(() => other.deliver(text));
    },
    onMessage: (receive) => own.onMessage(receive),
    onClose: (closed) => own.onClose(closed),
    close: () => {
      if (own.close()) queueMicrotask(() => void other.close());
    },
  };
}
