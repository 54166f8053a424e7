/**
 * The headers of a message. Invariant: a header that can't be read is none, and ends nobody; that such a message may be no message of the
 * fleet is said in `reflected.ts`.
 */
import type { MsgHdrs } from '@nats-io/transport-node';

/** The first header of this name, by its exact case; null: there is none. */
export type HeaderLookup = (name: string) => string | null;

/**
 * Looks headers up in a message of the library, which reads them at the first look. Headers that can't be read are none.
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
