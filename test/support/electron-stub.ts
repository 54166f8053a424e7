/**
 * Electron for tests of shell code without Electron: only what the app shell uses, each object held to the real types, so that
 * the stub breaks when the API moves.
 */
import { EventEmitter } from 'node:events';
import type * as E from 'electron';

export const app = Object.assign(new EventEmitter(), {
  getPath: () => '/nowhere',
  isPackaged: false as boolean,
}) satisfies Pick<E.App, 'getPath' | 'isPackaged'> & EventEmitter;

export const nativeTheme = Object.assign(new EventEmitter(), {
  shouldUseDarkColors: false,
  shouldUseDarkColorsForSystemIntegratedUI: false,
  shouldUseHighContrastColors: false,
  themeSource: 'system' as E.NativeTheme['themeSource'],
}) satisfies Pick<E.NativeTheme, 'shouldUseDarkColors' | 'shouldUseHighContrastColors' | 'themeSource'> & EventEmitter;

export const screen = new EventEmitter();
export const ipcMain = new EventEmitter();
export const copied: string[] = [];
export const clipboard = { writeText: async (text: string) => void copied.push(text) } satisfies Pick<
  E.Clipboard,
  'writeText'
>;
/** `asked`: the options of each question, in order. */
export const dialog = {
  answer: { canceled: true, filePath: '' },
  asked: [] as unknown[],
  showSaveDialog: async (...given: unknown[]) => {
    dialog.asked.push(given.at(-1));
    return dialog.answer;
  },
};
export const opened: string[] = [];
/** `refuses`: nothing on this PC takes such a link. */
export const shell = {
  refuses: false as boolean,
  openExternal: async (address: string) => {
    if (shell.refuses) throw new Error('Failed to open URL: no application is registered (0x483)');
    opened.push(address);
  },
} satisfies Pick<E.Shell, 'openExternal'> & { refuses: boolean };

export const nativeImage = {
  createFromPath: (path: string) => ({ path }),
};

export const Menu = {
  buildFromTemplate: (template: E.MenuItemConstructorOptions[]) => template,
};

/** What was done to it, in order. */
export class Tray extends EventEmitter {
  static readonly made: Tray[] = [];
  readonly done: [what: string, value: unknown][] = [];
  destroyed = false;

  constructor(image: unknown) {
    super();
    this.done.push(['made', image]);
    Tray.made.push(this);
  }

  setImage(image: unknown): void {
    this.done.push(['image', image]);
  }

  setToolTip(text: string): void {
    this.done.push(['tooltip', text]);
  }

  setContextMenu(menu: unknown): void {
    this.done.push(['menu', menu]);
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

export class WebContents extends EventEmitter {
  readonly mainFrame = { url: 'app://ui/' };
  readonly sent: [channel: string, ...args: unknown[]][] = [];
  openHandler: ((details: unknown) => { action: string }) | null = null;
  destroyed = false;

  send(channel: string, ...args: unknown[]): void {
    this.sent.push([channel, ...args]);
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  setWindowOpenHandler(handler: (details: unknown) => { action: string }): void {
    this.openHandler = handler;
  }
}

export class BrowserWindow extends EventEmitter {
  static readonly made: BrowserWindow[] = [];
  static getFocusedWindow(): BrowserWindow | null {
    return null;
  }
  readonly webContents = new WebContents();
  readonly calls: string[] = [];
  loaded = '';
  title = '';

  readonly options: E.BrowserWindowConstructorOptions;

  constructor(options: E.BrowserWindowConstructorOptions) {
    super();
    this.options = options;
    BrowserWindow.made.push(this);
  }

  async loadURL(url: string): Promise<void> {
    this.loaded = url;
  }

  setTitle(title: string): void {
    this.title = title;
  }

  progress = -1;
  setProgressBar(progress: number): void {
    this.progress = progress;
  }

  getSize(): number[] {
    return [900, 700];
  }

  show = () => void this.calls.push('show');
  showInactive = () => void this.calls.push('showInactive');
  focus = () => void this.calls.push('focus');
  restore = () => void this.calls.push('restore');
  setMenuBarVisibility = () => {};
  isVisible = () => this.calls.some((call) => call.startsWith('show'));
  isMinimized = () => false;
  isNormal = () => true;

  destroy(): void {
    this.webContents.destroyed = true;
    this.webContents.emit('destroyed');
    this.emit('closed');
  }
}

export class Notification extends EventEmitter {
  static isSupported = () => true;
  show = () => {};
}

export const utilityProcess = {};
export const powerMonitor = new EventEmitter();
export const protocol = {};
export const session = {};
