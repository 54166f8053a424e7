/**
 * The window: one at most, sandboxed, destroyed when it is closed so that its process ends, and never on top of somebody's
 * work unless it was asked for.
 */
import { app, BrowserWindow, type BrowserWindowConstructorOptions, type Input, ipcMain, nativeTheme } from 'electron';
import type { WindowBridge } from '../client/window-bridge.ts';
import type { Route } from '../shared/app-shell-contract.ts';
import type { Link } from '../shared/link.ts';
import { ipcLink } from './ipc-link.ts';
import type { AppLog } from './log.ts';
import { UI_ORIGIN } from './security.ts';

export interface WindowOptions {
  readonly preload: string;
  readonly icon: string;
  readonly log: AppLog;
  readonly title: () => string;
  /** What the taskbar shows of a task that runs, as `setProgressBar` takes it. */
  readonly progress: () => number;
  /** null: never resized. */
  readonly size: () => { readonly width: number; readonly height: number } | null;
  readonly onSize: (size: { readonly width: number; readonly height: number }) => void;
  /** Serves the page at the other end. */
  readonly serve: (link: Link, route: Route, onHung: () => void) => WindowBridge;
  readonly onClosed: () => void;
}

const SIZE = { width: 880, height: 600 };
const MIN_SIZE = { minWidth: 360, minHeight: 360 };
/** A page that dies again at once would do so for ever. */
const REOPEN_AFTER_MS = 10_000;
const SHOWN_WITHIN_MS = 3_000;

export class MainWindow {
  readonly #options: WindowOptions;
  #window: BrowserWindow | null = null;
  #bridge: WindowBridge | null = null;
  #openedAtMs = 0;
  /** Where it was asked to go last. */
  #route: Route = { screen: 'status' };

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#window !== null;
  }

  /** Opens it, or brings it to the front: somebody has asked for it. */
  open(route: Route): void {
    this.#route = route;
    if (this.#window === null) {
      this.#create((window) => window.show());
      return;
    }
    this.#bridge?.navigate(route);
    if (this.#window.isMinimized()) this.#window.restore();
    if (!this.#window.isVisible()) this.#window.show();
    this.#window.focus();
  }

  /** The state of the app shell has changed. */
  changed(): void {
    this.#window?.setTitle(this.#options.title());
    this.#window?.setProgressBar(this.#options.progress());
    this.#bridge?.changed();
  }

  close(): void {
    this.#window?.destroy();
  }

  #create(show: (window: BrowserWindow) => void): void {
    const window = new BrowserWindow(this.#windowOptions());
    this.#window = window;
    this.#openedAtMs = performance.now();
    window.setMenuBarVisibility(false);
    const hung = () => this.#reopen(window, 'it does not answer');
    this.#bridge = this.#options.serve(ipcLink(ipcMain, window.webContents, this.#options.log), this.#route, hung);
    const ready = () => {
      clearTimeout(late);
      window.off('ready-to-show', ready);
      show(window);
    };
    // Should Chromium not say that the hidden page has drawn itself: an empty window is better than none.
    const late = setTimeout(ready, SHOWN_WITHIN_MS);
    window.once('ready-to-show', ready);
    window.on('page-title-updated', (event) => event.preventDefault());
    window.webContents.on('before-input-event', (event, input) => {
      const level = zoomLevel(input, window.webContents.getZoomLevel());
      if (level === null) return;
      event.preventDefault();
      window.webContents.setZoomLevel(level);
    });
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      // It ended as it was told to.
      if (reason !== 'clean-exit') this.#reopen(window, reason);
    });
    const gone = () => {
      clearTimeout(late);
      if (this.#window !== window) return;
      this.#window = null;
      this.#bridge = null;
      this.#options.onClosed();
    };
    window.once('close', () => {
      // Maximized is not a size that somebody chose.
      if (window.isNormal()) this.#options.onSize(sizeOf(window));
      // From now on: whoever asks for a window in between gets a new one.
      gone();
    });
    window.once('closed', gone);
    window
      .loadURL(`${UI_ORIGIN}/`)
      .catch((error: unknown) => this.#options.log.error('the window can not be loaded', error));
  }

  #windowOptions(): BrowserWindowConstructorOptions {
    return {
      ...SIZE,
      ...this.#options.size(),
      ...MIN_SIZE,
      show: false,
      title: this.#options.title(),
      icon: this.#options.icon,
      autoHideMenuBar: true,
      // No white flash before the page has drawn itself.
      backgroundColor: nativeTheme.shouldUseDarkColors ? '#1f1f1f' : '#fafafa',
      webPreferences: {
        preload: this.#options.preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        webviewTag: false,
        devTools: !app.isPackaged,
        spellcheck: false,
      },
    };
  }

  /** The page is gone; the agent has not noticed, and the person gets a new one. */
  #reopen(window: BrowserWindow, why: string): void {
    if (this.#window !== window) return;
    this.#options.log.error(`the window is opened anew: ${why}`);
    const tooSoon = performance.now() - this.#openedAtMs < REOPEN_AFTER_MS;
    this.#window = null;
    this.#bridge = null;
    window.destroy();
    // Nobody has asked for it, so it does not take the focus.
    if (tooSoon) this.#options.onClosed();
    else this.#create((reopened) => reopened.showInactive());
  }
}

const MAX_ZOOM_LEVEL = 5;

/** The keys that every window of the system enlarges with; without a menu nobody else has them. null: another key. */
export function zoomLevel(
  { type, control, meta, key }: Pick<Input, 'type' | 'control' | 'meta' | 'key'>,
  level: number,
): number | null {
  if (type !== 'keyDown' || !(control || meta)) return null;
  if (key === '0') return 0;
  if (key === '+' || key === '=') return Math.min(MAX_ZOOM_LEVEL, level + 0.5);
  return key === '-' ? Math.max(-2, level - 0.5) : null;
}

function sizeOf(window: BrowserWindow): { width: number; height: number } {
  const [width = SIZE.width, height = SIZE.height] = window.getSize();
  return { width, height };
}
