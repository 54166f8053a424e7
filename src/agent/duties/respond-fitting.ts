/** Answering with as much as the broker takes: what it takes at most may be less than what is said at once. */
import type { BusMessage } from '../bus/bus.ts';

/** `shorter`: about half of it; null: there is nothing to leave out any more, and it is given up. */
export function respondFitting<T>(
  message: Pick<BusMessage, 'respond'>,
  whole: T,
  encode: (said: T) => Uint8Array,
  shorter: (said: T) => T | null,
): void {
  for (let said: T | null = whole; said !== null && !message.respond(encode(said)); ) said = shorter(said);
}
