/** How the page in a browser shows that it is the one that was opened with the ticket (`src/web/tickets.ts`). */

/** Stands in the address behind `#`, before the key. */
export const PAGE_KEY = 'key=';
/** The protocol of its WebSocket; the key follows as a second one. */
export const PAGE_PROTOCOL = 'kanade-tray';
