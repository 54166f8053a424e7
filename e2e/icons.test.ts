/** What is drawn is what is committed, and each state can be told by its shape alone (ui §2, §3). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import { describe, expect, test } from 'vitest';
import { drawAll, marksModule } from '../scripts/icons.ts';
import { OUTCOME_MARKS, TRAY_MARKS } from '../src/shared/marks.ts';
import { tempDir } from '../test/support/temp.ts';

const ROOT = join(import.meta.dirname, '..');
const ASSETS = join(ROOT, 'assets');
const VARIANTS = ['light', 'dark', 'contrast-light', 'contrast-dark'];
const STATES = Object.keys(TRAY_MARKS);
/** Of 256 pixels at 16 px: fewer than these would not be seen. */
const DIFFERENT_PIXELS = 20;

/** Size → alpha channel, of the bitmaps in an icon file. */
function alphas(file: string): Map<number, Buffer> {
  const body = readFileSync(file);
  const found = new Map<number, Buffer>();
  for (let entry = 0; entry < body.readUInt16LE(4); entry++) {
    const at = 6 + 16 * entry;
    const size = body.readUInt8(at) || 256;
    const offset = body.readUInt32LE(at + 12);
    const isPng = body.toString('latin1', offset + 1, offset + 4) === 'PNG';
    const pixels = isPng ? Buffer.alloc(0) : body.subarray(offset + 40, offset + 40 + size * size * 4);
    found.set(size, Buffer.from(pixels.filter((_, byte) => byte % 4 === 3)));
  }
  return found;
}

test('the committed pictures and shapes are those of the drawings', () => {
  const fresh = tempDir();
  drawAll(fresh);
  const files = (directory: string) =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ico|png)$/.test(name))
      .sort();
  expect(files(ASSETS)).toEqual(files(fresh));
  const different = files(fresh).filter(
    (name) => !readFileSync(join(fresh, name)).equals(readFileSync(join(ASSETS, name))),
  );
  expect(different).toEqual([]);
  expect(readFileSync(join(ROOT, 'src', 'shared', 'marks.ts'), 'utf8')).toBe(marksModule());
});

describe.each(VARIANTS)('icons for %s', (variant) => {
  const icon = (state: string) => alphas(join(ASSETS, 'tray', variant, `${state}.ico`));

  test('have every size', () => {
    for (const state of STATES) expect([...icon(state).keys()]).toEqual([16, 20, 24, 32, 40, 48]);
  });

  test('the attention mark is one exclamation mark with nothing beside it that reads as another sign', () => {
    const alpha = icon('attention').get(16) ?? Buffer.alloc(0);
    // Rows of a bitmap go from the bottom up.
    const rows = Array.from({ length: 16 }, (_each, y) => [...alpha.subarray((15 - y) * 16, (16 - y) * 16)]);
    const seen = (y: number, from: number, to: number) =>
      (rows[y] ?? [])
        .slice(from, to)
        .map((value) => (value > 127 ? '#' : '.'))
        .join('');
    // The stroke, its gap and its dot, each with the triangle on both sides.
    expect([8, 11, 12, 13, 14, 15].map((y) => seen(y, 8, 12))).toEqual([
      '#..#',
      '#..#',
      '####',
      '#..#',
      '#..#',
      '####',
    ]);
    // The screen behind it is plain.
    expect([4, 5, 6, 7, 8].map((y) => seen(y, 2, 6))).toEqual(Array(5).fill('####'));
  });

  test('differ in shape, each from each other', () => {
    for (const [place, state] of STATES.entries()) {
      for (const other of STATES.slice(place + 1)) {
        const [one, two] = [icon(state).get(16), icon(other).get(16)];
        const different = one?.filter((alpha, pixel) => Math.abs(alpha - (two?.[pixel] ?? 0)) > 127).length ?? 0;
        expect([state, other, different > DIFFERENT_PIXELS]).toEqual([state, other, true]);
      }
    }
  });
});

test('the marks of outcomes differ in shape, each from each other', () => {
  const alpha = (shape: string) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill-rule="evenodd" d="${shape}"/></svg>`;
    return new Resvg(svg, { fitTo: { mode: 'width', value: 16 } }).render().pixels.filter((_, byte) => byte % 4 === 3);
  };
  const marks = Object.entries(OUTCOME_MARKS);
  for (const [place, [name, mark]] of marks.entries()) {
    for (const [otherName, other] of marks.slice(place + 1)) {
      const two = alpha(other.shape);
      const different = alpha(mark.shape).filter((value, pixel) => Math.abs(value - (two[pixel] ?? 0)) > 127).length;
      expect([name, otherName, different > DIFFERENT_PIXELS]).toEqual([name, otherName, true]);
    }
  }
});
