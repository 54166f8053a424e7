/**
 * The icon. Invariant: it is made once and only its picture, tooltip and menu change, each only when it is another one; a
 * state never makes a second icon. (On Windows Electron itself puts it back when Explorer has restarted.)
 */
import { join } from 'node:path';
import { Menu, type MenuItemConstructorOptions, nativeImage, nativeTheme, screen, Tray } from 'electron';
import type { TrayMark } from '../shared/mark-names.ts';
import type { MenuAction, MenuEntry } from '../shared/tray-menu.ts';

export interface TrayModel {
  readonly mark: TrayMark;
  readonly tooltip: string;
  readonly menu: readonly MenuEntry[];
}

export interface TrayOptions {
  /** `assets/tray`. */
  readonly pictures: string;
  /** The program is signed: on Windows its icon has a name of its own, and keeps the place that the person has given it. */
  readonly isSigned: boolean;
  readonly onOpen: () => void;
  readonly onAction: (action: MenuAction) => void;
}

/** Without a signature Windows binds such a name to the path of the program, and another version would have no icon at all. */
const ICON_NAME = '2b1f3c0e-6a94-4d0b-9c57-8c6f7f2a51d3';

export class TrayIcon {
  readonly #options: TrayOptions;
  #tray: Tray | null = null;
  #model: TrayModel | null = null;
  #shown = { picture: '', tooltip: '', menu: '' };

  constructor(options: TrayOptions) {
    this.#options = options;
    const again = () => this.#apply(true);
    nativeTheme.on('updated', again);
    screen.on('display-metrics-changed', again);
  }

  get visible(): boolean {
    return this.#tray !== null;
  }

  show(model: TrayModel): void {
    this.#model = model;
    if (this.#tray === null) {
      this.#shown = { picture: '', tooltip: '', menu: '' };
      const hasName = this.#options.isSigned && process.platform === 'win32';
      this.#tray = new Tray(this.#picture(model.mark), ...(hasName ? [ICON_NAME] : []));
      this.#tray.on('click', this.#options.onOpen);
    }
    this.#apply(false);
  }

  hide(): void {
    this.#tray?.destroy();
    this.#tray = null;
  }

  /** `redraw`: the taskbar or the screen has changed, so the same state may look different. */
  #apply(redraw: boolean): void {
    const [tray, model] = [this.#tray, this.#model];
    if (tray === null || model === null || tray.isDestroyed()) return;
    const picture = pictureFile(model.mark, variant());
    if (redraw || picture !== this.#shown.picture) tray.setImage(this.#picture(model.mark));
    if (model.tooltip !== this.#shown.tooltip) tray.setToolTip(model.tooltip);
    const menu = JSON.stringify(model.menu);
    if (menu !== this.#shown.menu) {
      tray.setContextMenu(Menu.buildFromTemplate(model.menu.map((entry) => this.#item(entry))));
    }
    this.#shown = { picture, tooltip: model.tooltip, menu };
  }

  #item(entry: MenuEntry): MenuItemConstructorOptions {
    switch (entry.kind) {
      case 'separator':
        return { type: 'separator' };
      case 'line':
        return { label: plainLabel(entry.label), enabled: false };
      case 'action':
        return { label: plainLabel(entry.label), click: () => this.#options.onAction(entry.action) };
    }
  }

  #picture(mark: TrayMark) {
    return nativeImage.createFromPath(join(this.#options.pictures, pictureFile(mark, variant())));
  }
}

export type Variant = 'light' | 'dark' | 'contrast-light' | 'contrast-dark';

/** By the taskbar's own theme, which is not that of the programs (ui §3). */
export function variant(): Variant {
  // Older than 45 has no word for the taskbar's theme.
  const dark = nativeTheme.shouldUseDarkColorsForSystemIntegratedUI ?? nativeTheme.shouldUseDarkColors;
  if (nativeTheme.shouldUseHighContrastColors) return dark ? 'contrast-dark' : 'contrast-light';
  return dark ? 'dark' : 'light';
}

export function pictureFile(mark: TrayMark, look: Variant, platform: NodeJS.Platform = process.platform): string {
  return join(look, `${mark}.${platform === 'win32' ? 'ico' : 'png'}`);
}

/** In a menu an ampersand marks a key. */
function plainLabel(label: string): string {
  return label.replaceAll('&', '&&');
}
