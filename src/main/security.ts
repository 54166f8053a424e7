/**
 * What no page of ours may ever do, for every web contents there is (threat-model §3.1, 5 and 11 to 14), and the only thing that
 * any of them may load (1).
 */
import type { App, Session } from 'electron';
import type { AppLog } from './log.ts';

/** The one origin of the window. */
export const UI_ORIGIN = 'app://ui';

export function lockDownContents(app: App, log: AppLog): void {
  app.on('web-contents-created', (_event, contents) => {
    const refuse = (event: { preventDefault(): void }, what: string) => {
      event.preventDefault();
      log.error(`refused: ${what}`);
    };
    contents.on('will-navigate', (event) => refuse(event, 'a navigation'));
    contents.on('will-redirect', (event) => refuse(event, 'a redirection'));
    contents.on('will-frame-navigate', (event) => refuse(event, 'a navigation of a frame'));
    contents.on('will-attach-webview', (event) => refuse(event, 'a webview'));
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}

export function lockDownSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => event.preventDefault());
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !url.startsWith(`${UI_ORIGIN}/`) }));
}
