/** Numbers of the window with their goals, as rows of a table. */

export interface Figure {
  readonly what: string;
  readonly value: string;
  /** null: reported, not required. */
  readonly goal: string | null;
  readonly met: boolean | null;
}

/** A figure that has to be at most `most`. */
export function atMost(what: string, value: number, most: number, unit: string): Figure {
  return { what, value: `${shown(value)} ${unit}`, goal: `≤ ${shown(most)} ${unit}`, met: value <= most };
}

export function reported(what: string, value: string): Figure {
  return { what, value, goal: null, met: null };
}

export function figuresTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, value, goal, met }) => {
    const verdict = met === null ? '–' : met ? 'yes' : '**no**';
    return `| ${what} | ${value} | ${goal ?? 'reported'} | ${verdict} |`;
  });
  return ['| measure | measured | goal | met |', '|---|---|---|---|', ...rows].join('\n');
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function shown(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toFixed(2);
}
