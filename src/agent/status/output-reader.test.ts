import { expect, test } from 'vitest';
import { loopTurn } from '../../base/loop-turn.ts';
import { MAX_OUTPUT_PLACES, MAX_OUTPUT_ROW_CHARS } from '../../shared/output-limits.ts';
import { OutputReader, OutputReaders } from './output-reader.ts';

const stored = (text: string) => () => ({ text, totalBytes: Buffer.byteLength(text), cut: false });

async function rowsOf(text: string): Promise<readonly string[]> {
  return (await new OutputReader().rows('a', stored(text), { fromRow: 0, count: 100 }, loopTurn)).rows;
}

test.each([
  ['nothing', '', []],
  ['one line without an end', 'a', ['a']],
  ['lines', 'a\nb\n', ['a', 'b']],
  ['empty lines', 'a\n\n\nb\n\n', ['a', '', '', 'b', '']],
  ['lines of Windows', 'a\r\nb\r\n', ['a', 'b']],
  ['colours and a line that was written over', '\u001b[31mred\u001b[0m\n10%\r99%\n', ['red', '99%']],
])('%s in rows', async (_what, text, rows) => {
  expect(await rowsOf(text)).toEqual(rows);
});

test('a line of megabytes goes on from row to row, and no character is cut in two', async () => {
  const line = '😀'.repeat(300_000);
  const reader = new OutputReader();
  let text = '';
  for (let row = 0; ; ) {
    const { rows, totalRows } = await reader.rows('a', stored(`${line}\nend`), { fromRow: row, count: 500 }, loopTurn);
    text += rows.join('');
    row += rows.length;
    expect(rows.every((each) => each.length <= MAX_OUTPUT_ROW_CHARS && each.isWellFormed())).toBe(true);
    if (row >= totalRows) break;
  }
  expect(text).toBe(`${line}end`);
});

test('any place can be read, and an answer fits its frame whatever is in it', async () => {
  const reader = new OutputReader();
  const text = Array.from({ length: 300_000 }, (_each, at) => `line ${at}`).join('\n');
  const { rows, totalRows } = await reader.rows('seq', stored(text), { fromRow: 299_998, count: 100 }, loopTurn);
  expect([rows, totalRows]).toEqual([['line 299998', 'line 299999'], 300_000]);
  const odd = await reader.rows(
    'odd',
    stored(`${'\u2421'.repeat(MAX_OUTPUT_ROW_CHARS)}\n`.repeat(2_000)),
    { fromRow: 0, count: 2_000 },
    loopTurn,
  );
  expect(odd.rows.length).toBeGreaterThan(1);
  expect(Buffer.byteLength(JSON.stringify(odd))).toBeLessThan(1024 * 1024);
});

test('a search looks at all of an output, and holds up nobody', async () => {
  const filler = `${'x'.repeat(79)}\n`;
  const text = `${filler.repeat(100_000)}The NEEDLE is here, and a needle\n${filler}`;
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 1);
  const found = await new OutputReader().search('a', stored(text), 'needle', loopTurn);
  clearInterval(turning);
  const places = [4, 26].map((column) => ({ row: 100_000, column }));
  expect(found).toEqual({ total: 2, places });
  expect(turns).toBeGreaterThan(0);
});

test('what lies over the end of a step is found once, and only the first of many places are named', async () => {
  const reader = new OutputReader();
  const text = 'ab'.repeat(200_000);
  const { total, places } = await reader.search('a', stored(text), 'ab', loopTurn);
  expect([total, places.length]).toEqual([200_000, MAX_OUTPUT_PLACES]);
  expect((await reader.search('a', stored(text), 'ba', loopTurn)).total).toBe(199_999);
  expect((await reader.search('b', stored(`${'x'.repeat(128 * 1024 - 2)}needle`), 'needle', loopTurn)).total).toBe(1);
  expect((await reader.search('b', stored(''), 'no such text', loopTurn)).total).toBe(0);
});

test('of an account one output is held, whatever it asks for at once, and each call is answered', async () => {
  const reader = new OutputReader();
  const line = `${'x'.repeat(79)}\n`;
  let loaded = 0;
  let done = 0;
  let mostAtOnce = 0;
  const load = (stream: string) => () => {
    loaded += 1;
    mostAtOnce = Math.max(mostAtOnce, loaded - done);
    return stored(`${stream}\n${line.repeat(20_000)}`)();
  };
  const ask = async (at: number) => {
    const stream = at % 2 === 0 ? 'stdout' : 'stderr';
    const kinds = [
      () => reader.rows(stream, load(stream), { fromRow: 0, count: 1 }, loopTurn),
      () => reader.search(stream, load(stream), stream, loopTurn),
      () => reader.slice(stream, load(stream), { offsetChars: 0, limitChars: 6 }, loopTurn),
    ];
    const before = loaded;
    const answer = await kinds[at % kinds.length]?.();
    if (loaded > before) done = loaded;
    return JSON.stringify(answer).includes(at % kinds.length === 1 ? '"total":1,' : stream);
  };
  const answers = await Promise.all(Array.from({ length: 120 }, (_each, at) => ask(at)));
  expect(answers.every(Boolean)).toBe(true);
  expect(loaded).toBeGreaterThan(100);
  expect(mostAtOnce).toBe(1);
});

test('a call that fails holds up none after it', async () => {
  const reader = new OutputReader();
  const broken = () => {
    throw new Error('the disk');
  };
  const failed = reader.rows('a', broken, { fromRow: 0, count: 1 }, loopTurn);
  const after = reader.rows('a', stored('b'), { fromRow: 0, count: 1 }, loopTurn);
  await expect(failed).rejects.toThrow('the disk');
  expect((await after).rows).toEqual(['b']);
});

test('an account that has to wait for its turn holds up no other that looks at the same', async () => {
  const readers = new OutputReaders();
  const never = () => new Promise<void>(() => {});
  void readers.of('1000').rows('1 stdout', stored('a'), { fromRow: 0, count: 1 }, never);
  const other = await readers.of('1001').rows('1 stdout', stored('a'), { fromRow: 0, count: 1 }, loopTurn);
  expect(other.rows).toEqual(['a']);
  expect(readers.of('1000')).toBe(readers.of('1000'));
});
