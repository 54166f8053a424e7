/** A connection of the client library, with what each way to the broker knows of it beside the library. */
import type { NatsConnection } from '@nats-io/transport-node';

export interface Dialled {
  readonly nc: NatsConnection;
  /** So many bytes have come. */
  readonly inBytes: () => number;
  /** Nobody waits for what is unsent any more. */
  readonly giveUp: () => void;
}
