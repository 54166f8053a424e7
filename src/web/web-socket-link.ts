/** A {@link Link} over a WebSocket of the `ws` package, which it owns. */
import type { WebSocket } from 'ws';
import { type Link, LinkEvents, MAX_UNSENT_BYTES } from '../shared/link.ts';

export function webSocketLink(socket: WebSocket): Link {
  const events = new LinkEvents();
  socket.on('message', (data, isBinary) => {
    // A window sends texts; anything else is not one.
    if (isBinary || !Buffer.isBuffer(data)) socket.terminate();
    else events.deliver(data.toString('utf8'));
  });
  // The close that follows is what counts.
  socket.on('error', () => {});
  socket.on('close', () => void events.close());
  return {
    send: (text) => {
      if (events.closed) return;
      if (socket.bufferedAmount > MAX_UNSENT_BYTES) socket.terminate();
      else socket.send(text);
    },
    onMessage: (receive) => events.onMessage(receive),
    onClose: (closed) => events.onClose(closed),
    close: () => socket.close(),
  };
}
