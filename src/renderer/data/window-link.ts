/** The one link of this window: what the preload gives in Electron, a WebSocket to where the page came from in a browser. */
import { type Link, LinkEvents } from '../../shared/link.ts';
import { PAGE_KEY, PAGE_PROTOCOL } from '../../shared/page-key.ts';

/** What the preload exposes (threat-model §3.1, 20): plain functions over texts. */
export interface ExposedLink {
  send(text: string): void;
  onMessage(receive: (text: string) => void): void;
  onClose(closed: () => void): void;
}

declare global {
  interface Window {
    readonly kanadeLink?: ExposedLink;
  }
}

export function windowLink(): Link {
  const exposed = window.kanadeLink;
  return exposed === undefined ? webSocketLink() : { ...exposed, close: () => {} };
}

function webSocketLink(): Link {
  const events = new LinkEvents();
  const socket = new WebSocket(`ws://${location.host}/link`, [PAGE_PROTOCOL, pageKey()]);
  const unsent: string[] = [];
  socket.addEventListener('open', () => {
    for (const text of unsent.splice(0)) socket.send(text);
  });
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') events.deliver(data);
  });
  socket.addEventListener('close', () => void events.close());
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.CONNECTING) unsent.push(text);
      else if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    onMessage: (receive) => events.onMessage(receive),
    onClose: (closed) => events.onClose(closed),
    close: () => socket.close(),
  };
}

const KEPT = 'page-key';

/** Kept for this tab and this port alone, and taken out of the address; nothing where the page was not opened with a ticket. */
function pageKey(): string {
  const prefix = `#${PAGE_KEY}`;
  if (location.hash.startsWith(prefix)) {
    sessionStorage.setItem(KEPT, location.hash.slice(prefix.length));
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(KEPT) ?? 'none';
}
