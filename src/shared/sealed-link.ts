/** A link that is sealed from the end of its handshake on. A message that is not what the other side has sealed ends it. */
import type { Link } from './link.ts';
import type { Seal } from './link-crypto.ts';

export class SealedLink implements Link {
  readonly #link: Link;
  #reading: Seal | null = null;
  #writing: Seal | null = null;

  constructor(link: Link) {
    this.#link = link;
  }

  /** From the next message on: one that came along with the handshake, and was put in there by somebody else, is none. */
  readSealed(seal: Seal): void {
    this.#reading = seal;
  }

  writeSealed(seal: Seal): void {
    this.#writing = seal;
  }

  send(text: string): void {
    this.#link.send(this.#writing === null ? text : this.#writing.seal(text));
  }

  onMessage(receive: (text: string) => void): void {
    this.#link.onMessage((message) => {
      const text = this.#reading === null ? message : this.#reading.open(message);
      if (text === null) this.#link.close();
      else receive(text);
    });
  }

  onClose(closed: () => void): void {
    this.#link.onClose(closed);
  }

  close(): void {
    this.#link.close();
  }
}
