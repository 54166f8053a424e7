/** The numbers as tables and sentences, for the terminal and for the document. */
import { type Book, type Figure, LIMIT_IDS, ROW_IDS, type RowId } from './book.ts';
import { CONTENDERS } from './contenders.ts';
import { GOALS, type Goal, LIMITS, ROWS, type Row } from './rows.ts';

export interface Verdict {
  readonly met: boolean;
  readonly sentence: string;
}

/** One row for each measure: ours, the original, their ratio, the bare limit, the goals. Median, then least–most. */
export function rowsTable(book: Book): string {
  const head = ['measure', 'ours', 'original 0.29.0', 'ours is', 'bare limit', 'goal', 'met'];
  const rows = ROW_IDS.filter((id) => isMeasured(book, id)).map((id) => {
    const goals = GOALS.filter((goal) => goal.row === id);
    const verdicts = goals.map((goal) => verdict(book, goal));
    return [
      ROWS[id].title,
      book.skipped(id) ?? figureText(book.figure(id, 'ours'), ROWS[id]),
      figureText(book.figure(id, 'original'), ROWS[id]),
      ratioText(book, id),
      figureText(book.figure(id, 'bare'), ROWS[id]),
      goals.map(({ text }) => text).join('; '),
      verdicts.map((one) => (one === undefined ? '–' : one.met ? 'yes' : '**no**')).join('; '),
    ];
  });
  return table(head, rows);
}

/** What the machine does without an agent. */
export function limitsTable(book: Book): string {
  const rows = LIMIT_IDS.filter((id) => book.limit(id) !== undefined).map((id) => [
    LIMITS[id].title,
    figureText(book.limit(id), LIMITS[id]),
  ]);
  return table(['limit of the machine', 'measured'], rows);
}

/** Every goal that could be checked, in a sentence. */
export function verdicts(book: Book): Verdict[] {
  return GOALS.map((goal) => verdict(book, goal)).filter((one) => one !== undefined);
}

function verdict(book: Book, { row, text, bound }: Goal): Verdict | undefined {
  const ours = book.figure(row, 'ours')?.median;
  const limit = bound(book);
  if (ours === undefined || limit === undefined) return undefined;
  const { title, lessIsBetter } = ROWS[row];
  const value = (number: number) => numberText(number, ROWS[row]);
  const met = lessIsBetter ? ours <= limit : ours >= limit;
  const away = limit === 0 ? `${value(ours)}` : `${Math.abs((ours / limit - 1) * 100).toFixed(0)} %`;
  const bounds = `goal ${text} (${lessIsBetter ? 'at most' : 'at least'} ${value(limit)})`;
  const sentence = met
    ? `${title}: ${value(ours)}, ${bounds}, met`
    : `${title}: ${value(ours)}, ${bounds}, missed by ${away}`;
  return { met, sentence: `${sentence}.` };
}

function isMeasured(book: Book, id: RowId): boolean {
  return book.skipped(id) !== undefined || CONTENDERS.some((contender) => book.figure(id, contender) !== undefined);
}

/** How many times better or worse our median is. */
function ratioText(book: Book, id: RowId): string {
  const ours = book.figure(id, 'ours')?.median;
  const original = book.figure(id, 'original')?.median;
  if (!ours || !original) return '–';
  const factor = ours / original;
  if (id.startsWith('rss')) return `${times(factor)} as large`;
  if (id.endsWith('cpu')) return factor <= 1 ? `${times(1 / factor)} less` : `${times(factor)} more`;
  const better = ROWS[id].lessIsBetter ? 1 / factor : factor;
  return better >= 1 ? `${times(better)} faster` : `${times(1 / better)} slower`;
}

function times(factor: number): string {
  return `${factor >= 20 ? factor.toFixed(0) : factor.toFixed(2)} ×`;
}

function figureText(figure: Figure | undefined, row: Pick<Row, 'unit' | 'digits'>): string {
  if (figure === undefined) return '–';
  const spread = `${digits(figure.least, row)}–${digits(figure.most, row)}`;
  return figure.rounds === 1 ? numberText(figure.median, row) : `${numberText(figure.median, row)} (${spread})`;
}

function numberText(value: number, row: Pick<Row, 'unit' | 'digits'>): string {
  return `${digits(value, row)}${row.unit === '' || row.unit === '/s' ? row.unit : ` ${row.unit}`}`;
}

function digits(value: number, { digits: count }: Pick<Row, 'digits'>): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: count, maximumFractionDigits: count });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
