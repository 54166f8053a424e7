/** The headers of a message. Invariant: what can't be read of them costs no message. */
import type { MsgHdrs } from '@nats-io/transport-node';

/** The first header of this name, by its exact case; null: there is none. */
export type HeaderLookup = (name: string) => string | null;

/**
 * Looks headers up in a message of the library, which reads them at the first look. Headers that can't be read are none: the message
 * comes with what it can't say, and never gets lost over it.
 */
export function headersOf(message: { readonly headers?: MsgHdrs | undefined }): HeaderLookup {
  return (name) => {
    try {
      return message.headers?.values(name)[0] ?? null;
    } catch {
      return null;
    }
  };
}
