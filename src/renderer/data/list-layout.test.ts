import { describe, expect, test } from 'vitest';
import { ListLayout, type Outlined } from './list-layout.ts';

const MONDAY = 2_000;
const SUNDAY = 1_000;

/** Monday: one run, four that fold, one; Sunday: three that fold. */
const OUTLINE: Outlined = {
  matching: 9,
  days: [
    { startMs: MONDAY, count: 6 },
    { startMs: SUNDAY, count: 3 },
  ],
  folds: [
    [1, 4, 2_100],
    [6, 3, 1_100],
  ],
};
/** Runs before the oldest of each. */
const ON_MONDAY = 4;
const ON_SUNDAY = 0;

function shown(outline: Outlined, unfolded: readonly number[] = []): string[] {
  const layout = new ListLayout(outline, new Set(unfolded));
  return Array.from({ length: layout.lines }, (_, at) => {
    const line = layout.line(at);
    switch (line?.kind) {
      case 'day':
        return `day ${line.day.startMs} of ${line.day.count}`;
      case 'fold':
        return `${line.open ? 'open' : 'folded'} ${line.fold.first} × ${line.fold.count}`;
      case 'run':
        return line.within === null ? `run ${line.index}` : `run ${line.index} within`;
      case undefined:
    }
    return 'nothing';
  });
}

test('a heading where the day changes, and one line for what folds', () => {
  expect(shown(OUTLINE)).toEqual(['day 2000 of 6', 'run 0', 'folded 1 × 4', 'run 5', 'day 1000 of 3', 'folded 6 × 3']);
});

test('what is unfolded stands below its line', () => {
  expect(shown(OUTLINE, [ON_MONDAY])).toEqual([
    'day 2000 of 6',
    'run 0',
    'open 1 × 4',
    ...[1, 2, 3, 4].map((index) => `run ${index} within`),
    'run 5',
    'day 1000 of 3',
    'folded 6 × 3',
  ]);
  expect(shown(OUTLINE, [ON_SUNDAY]).slice(-4)).toEqual(['open 6 × 3', 'run 6 within', 'run 7 within', 'run 8 within']);
});

test('it stays unfolded while newer ones come, also of the same burst', () => {
  const grown: Outlined = {
    matching: 12,
    days: [{ startMs: MONDAY, count: 9 }, ...OUTLINE.days.slice(1)],
    folds: [
      [2, 6, 2_100],
      [9, 3, 1_100],
    ],
  };
  expect(shown(grown, [ON_MONDAY])).toContain('open 2 × 6');
});

test('a list without headings, and one of nothing', () => {
  expect(shown({ matching: 2, days: [], folds: [] })).toEqual(['run 0', 'run 1']);
  expect(shown({ matching: 0, days: [], folds: [] })).toEqual([]);
});

test('runs that are left when the days are told out follow the last day', () => {
  expect(shown({ matching: 3, days: [{ startMs: MONDAY, count: 2 }], folds: [] })).toEqual([
    'day 2000 of 2',
    'run 0',
    'run 1',
    'run 2',
  ]);
});

describe.each([
  ['folded', [], [1, 2, 2, 2, 2, 3, 5, 5, 5]],
  ['unfolded', [ON_MONDAY, ON_SUNDAY], [1, 3, 4, 5, 6, 7, 10, 11, 12]],
] as const)('%s', (_name, unfolded, lines) => {
  const layout = new ListLayout(OUTLINE, new Set(unfolded));

  test('each run has its line', () => {
    expect(lines.map((_, index) => layout.lineOf(index))).toEqual(lines);
  });

  test('each run knows what it is folded into', () => {
    const ids = lines.map((_, index) => layout.foldOf(index)?.id ?? null);
    expect(ids).toEqual([null, 4, 4, 4, 4, null, 0, 0, 0]);
  });

  test('each line knows its day, and headings are known', () => {
    const days = Array.from({ length: layout.lines }, (_, at) => layout.dayOf(at)?.startMs);
    const ofSunday = layout.lines - days.indexOf(SUNDAY);
    expect(days).toEqual([...Array(layout.lines - ofSunday).fill(MONDAY), ...Array(ofSunday).fill(SUNDAY)]);
    const headings = days.flatMap((_, at) => (layout.isHeading(at) ? [at] : []));
    expect(headings).toEqual([0, days.indexOf(SUNDAY)]);
  });
});

test('beyond the last line there is nothing', () => {
  const layout = new ListLayout(OUTLINE, new Set());
  expect([layout.line(layout.lines), layout.line(-1)]).toEqual([undefined, undefined]);
});
