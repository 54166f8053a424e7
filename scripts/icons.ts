/**
 * `npm run icons`: everything that is drawn, from the SVG sources in `assets/source`. Invariant: the same sources give the
 * same bytes, so what is committed can be checked.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import { ROOT } from './bootstrap/paths.mjs';
import { ico } from './lib/ico.ts';

const SOURCE = join(ROOT, 'assets', 'source');
/** ui §3: the sizes of a notification area from 100 % to 300 %. */
const TRAY_SIZES = [16, 20, 24, 32, 40, 48];
const APP_SIZES = [16, 20, 24, 32, 40, 48, 64, 128, 256];
const LINUX_SIZE = 512;
/** By what they stand on: glyphs for a light and for a dark taskbar, softer than black and white, and those for high contrast. */
const VARIANTS = { light: '#1b1b1b', dark: '#ffffff', 'contrast-light': '#000000', 'contrast-dark': '#ffffff' };

/** Path data on a grid of 16 units. */
interface Layers {
  readonly shape: string;
  readonly gap: string | null;
  readonly badge: string | null;
}

/** @param target where `assets` is written */
export function drawAll(target: string) {
  for (const [variant, colour] of Object.entries(VARIANTS)) {
    const directory = join(target, 'tray', variant);
    mkdirSync(directory, { recursive: true });
    for (const [name, layers] of layersIn('tray')) {
      const pictures = TRAY_SIZES.map((size) => draw(markSvg(layers, colour), size));
      writeFileSync(join(directory, `${name}.ico`), ico(pictures));
      for (const { size, png } of pictures) writeFileSync(join(directory, `${name}${scaleOf(size)}.png`), png);
    }
  }
  const directory = join(target, 'app');
  mkdirSync(directory, { recursive: true });
  const app = readFileSync(join(SOURCE, 'app.svg'), 'utf8');
  const pictures = APP_SIZES.map((size) => draw(app, size));
  writeFileSync(join(directory, 'icon.ico'), ico(pictures.filter(({ size }) => size <= 48 || size === 256)));
  for (const { size, png } of pictures) writeFileSync(join(directory, `${size}x${size}.png`), png);
  writeFileSync(join(directory, 'icon.png'), draw(app, LINUX_SIZE).png);
}

/** The shapes for the window, which draws them itself. */
export function marksModule() {
  const entries = (folder: string) =>
    layersIn(folder)
      .map(([name, { shape, gap, badge }]) => {
        const text = (path: string | null) => (path === null ? 'null' : `'${path}'`);
        return `  ${name}: {\n    shape: ${text(shape)},\n    gap: ${text(gap)},\n    badge: ${text(badge)},\n  },`;
      })
      .join('\n');
  return `/** Made from the drawings in \`assets/source\` by \`npm run icons\`. */
import type { OutcomeMark, TrayMark } from './mark-names.ts';

/** Path data on a grid of 16 units: \`badge\` is drawn over \`shape\` without \`gap\`. */
export interface Mark {
  readonly shape: string;
  readonly gap: string | null;
  readonly badge: string | null;
}

export const OUTCOME_MARKS: Readonly<Record<OutcomeMark, Mark>> = {
${entries('outcome')}
};

export const TRAY_MARKS: Readonly<Record<TrayMark, Mark>> = {
${entries('tray')}
};
`;
}

/** @param folder of the sources */
function layersIn(folder: string): (readonly [string, Layers])[] {
  const files = readdirSync(join(SOURCE, folder)).sort();
  return files.map((file) => {
    const text = readFileSync(join(SOURCE, folder, file), 'utf8');
    const layer = (id: string) => new RegExp(`<path id="${id}" d="([^"]+)"`).exec(text)?.[1] ?? null;
    const shape = layer('shape');
    if (shape === null) throw new Error(`${folder}/${file} has no path with the id "shape"`);
    return [basename(file, '.svg'), { shape, gap: layer('gap'), badge: layer('badge') }] as const;
  });
}

function markSvg({ shape, gap, badge }: Layers, colour: string) {
  const paint = `fill="${colour}" fill-rule="evenodd"`;
  const mask = `<mask id="m" maskUnits="userSpaceOnUse" x="0" y="0" width="16" height="16"><rect width="16" height="16" fill="#fff"/>${gap === null ? '' : `<path d="${gap}" fill="#000"/>`}</mask>`;
  const over = badge === null ? '' : `<path d="${badge}" ${paint}/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${mask}<g mask="url(#m)"><path d="${shape}" ${paint}/></g>${over}</svg>`;
}

function draw(svg: string, size: number) {
  const image = new Resvg(svg, { fitTo: { mode: 'width', value: size }, shapeRendering: 2 }).render();
  return { size, rgba: image.pixels, png: image.asPng() };
}

/** Electron finds the picture for a scale by its name. */
function scaleOf(size: number) {
  return size === 16 ? '' : `@${size / 16}x`;
}

if (process.argv[1] === import.meta.filename) {
  drawAll(join(ROOT, 'assets'));
  writeFileSync(join(ROOT, 'src', 'shared', 'marks.ts'), marksModule());
}
