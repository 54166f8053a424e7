/** A client of the local socket that sends bytes as it is told, right or wrong. */
import { connect, type Socket } from 'node:net';
import type { Endpoint } from '../../src/shared/client.ts';
import { CONTRACT_VERSION, helloSchema } from '../../src/shared/contract.ts';
import { encodeFrame, FrameReader, MAX_FRAME_BYTES } from '../../src/shared/frames.ts';
import { linkSeal, newNonce, prove, type Seal } from '../../src/shared/link-crypto.ts';
import { proofText } from '../../src/shared/proof-text.ts';

export interface Answer {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data: { readonly fault: string } };
}

export class RawClient {
  readonly #socket: Socket;
  readonly #answers: Answer[] = [];
  #closed = false;
  /** Something has come, or nothing comes any more. */
  #news = Promise.withResolvers<void>();
  #seal: Seal | null = null;

  constructor(address: string) {
    const reader = new FrameReader(MAX_FRAME_BYTES);
    this.#socket = connect(address);
    this.#socket.on('data', (bytes) => {
      reader.push(bytes, (text) => this.#answers.push(this.#read(text)));
      this.#news.resolve();
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#news.resolve();
    });
  }

  /** What is refused before it is read as a message is answered as it is. */
  #read(message: string): Answer {
    return JSON.parse(this.#seal?.open(message) ?? message) as Answer;
  }

  /** The bytes of a frame with this text, sealed once the token is proven. */
  frame(text: string): Uint8Array {
    return encodeFrame(this.#seal === null ? text : this.#seal.seal(text));
  }

  /** Sends bytes as they are; a text goes as one frame, sealed once the token is proven. */
  send(data: string | Uint8Array): void {
    this.#socket.write(typeof data === 'string' ? this.frame(data) : data);
  }

  /** The next frame that comes; null: the agent has hung up. */
  async next(): Promise<Answer | null> {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined) return answer;
      if (this.#closed) return null;
      await this.#news.promise;
      this.#news = Promise.withResolvers();
    }
  }

  /** Proves the token of `endpoint`. */
  async shake(endpoint: Endpoint): Promise<void> {
    const hello = helloSchema.parse((await this.next())?.params);
    const nonce = newNonce();
    const facts = {
      address: endpoint.address,
      contract: CONTRACT_VERSION,
      client: 'cli' as const,
      agentNonce: hello.nonce,
      clientNonce: nonce,
    };
    const token = Buffer.from(endpoint.token, 'hex');
    const proof = prove(token, proofText('client', facts));
    this.send(call('handshake', { contract: facts.contract, client: facts.client, nonce, proof }));
    const answer = await this.next();
    if (answer?.result === undefined) throw new Error(`the handshake was refused: ${answer?.error?.message}`);
    this.#seal = linkSeal('client', token, facts);
  }

  close(): void {
    this.#socket.destroy();
  }
}

export function call(method: string, params: unknown = {}): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
}

/** The 4 bytes of a length, then `body`. */
export function frameOf(lengthBytes: number, body: Uint8Array = Buffer.alloc(0)): Uint8Array {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(lengthBytes);
  return Buffer.concat([header, body]);
}
