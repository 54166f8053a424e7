/**
 * The link to one window over one fixed channel. Each message is checked before anything reads it: it comes from the main
 * frame of that window, from our own origin, and is a text of a bounded length (threat-model §3.1, 17 and 20).
 */
import type { IpcMain, IpcMainEvent, WebContents } from 'electron';
import { MAX_TEXT_BYTES } from '../shared/frames.ts';
import { type Link, LinkEvents } from '../shared/link.ts';
import type { AppLog } from './log.ts';
import { UI_ORIGIN } from './security.ts';

export const CHANNEL = 'link';
/** What is copied is the longest thing that a window says. */
const MAX_MESSAGE_CHARS = 2 * MAX_TEXT_BYTES;

export function ipcLink(ipcMain: IpcMain, contents: WebContents, log: AppLog): Link {
  const events = new LinkEvents();
  const onMessage = (event: IpcMainEvent, text: unknown) => {
    if (event.sender !== contents) return;
    const why = refusal(event, contents, text);
    if (why === null) events.deliver(text as string);
    else log.error(`a message of the window was refused: ${why}`);
  };
  const close = () => {
    if (events.close()) ipcMain.off(CHANNEL, onMessage);
  };
  ipcMain.on(CHANNEL, onMessage);
  contents.once('destroyed', close);
  // A page that is loaded again is a new window: what the old one had opened ends with it.
  contents.once('render-process-gone', close);
  return {
    send: (text) => {
      if (!events.closed && !contents.isDestroyed()) contents.send(CHANNEL, text);
    },
    onMessage: (receive) => events.onMessage(receive),
    onClose: (closed) => events.onClose(closed),
    close,
  };
}

/** Why a message can't be taken; null: it can. */
export function refusal(
  event: Pick<IpcMainEvent, 'senderFrame'>,
  contents: Pick<WebContents, 'mainFrame'>,
  text: unknown,
): string | null {
  const frame = event.senderFrame;
  if (!frame || frame !== contents.mainFrame) return 'it is not from the main frame';
  if (!frame.url.startsWith(`${UI_ORIGIN}/`)) return 'it is not from our origin';
  if (typeof text !== 'string') return 'it is no text';
  if (text.length > MAX_MESSAGE_CHARS) return 'it is too long';
  return null;
}
