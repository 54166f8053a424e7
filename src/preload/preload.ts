/** All that the page gets of Electron: one link of texts over one fixed channel (threat-model §3.1, 20). */
import { contextBridge, ipcRenderer } from 'electron';

const CHANNEL = 'link';

let receive: ((text: string) => void) | null = null;
const early: string[] = [];
ipcRenderer.on(CHANNEL, (_event, text: unknown) => {
  if (typeof text !== 'string') return;
  if (receive === null) early.push(text);
  else receive(text);
});

contextBridge.exposeInMainWorld('kanadeLink', {
  send: (text: string) => ipcRenderer.send(CHANNEL, String(text)),
  onMessage: (take: (text: string) => void) => {
    receive = take;
    for (const text of early.splice(0)) take(text);
  },
  // The page does not outlive its process, so it never sees this link close.
  onClose: () => {},
});
