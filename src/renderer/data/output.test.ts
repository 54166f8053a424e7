import { describe, expect, test } from 'vitest';
import { Fault } from '../../shared/faults.ts';
import { MAX_OUTPUT_ROWS } from '../../shared/output-limits.ts';
import { findInOutput, OutputRows, type OutputView, shortened, wholeOutput } from './output.ts';
import type { WindowClient } from './window-client.ts';

const note = (chars: number) => `${chars} characters left out`;

test('what fits is copied as it is', () => {
  expect(shortened('a'.repeat(10), note, 10)).toEqual({ text: 'a'.repeat(10), leftOutChars: 0 });
});

test('what does not fit says in its middle how much is left out, keeps its end, and cuts no character in two', () => {
  const text = `begin ${'😀'.repeat(50)} end`;
  const copied = shortened(text, note, 21);
  expect(copied.leftOutChars).toBeGreaterThan(0);
  expect(copied.text).toContain(`[… ${copied.leftOutChars} characters left out …]`);
  expect([copied.text.startsWith('begin '), copied.text.endsWith(' end')]).toEqual([true, true]);
  expect(copied.text.isWellFormed()).toBe(true);
});

interface Query {
  readonly fromRow: number;
  readonly count: number;
  readonly offsetChars: number;
}

/** An agent with so many rows of output, `row 0` and so on, of which an answer holds no more than `fits`. */
class Agent implements WindowClient {
  readonly asked: number[] = [];
  fault: Fault | null = null;
  readonly #totalRows: number;
  readonly #fits: number;

  constructor(totalRows: number, fits = MAX_OUTPUT_ROWS) {
    this.#totalRows = totalRows;
    this.#fits = fits;
  }

  ask: WindowClient['ask'] = async (_method, params) => {
    const { fromRow, count } = params as unknown as Query;
    this.asked.push(fromRow);
    if (this.fault !== null) return { ok: false, fault: this.fault };
    const last = Math.min(fromRow + Math.min(count, this.#fits), this.#totalRows);
    const rows = Array.from({ length: Math.max(0, last - fromRow) }, (_, at) => `row ${fromRow + at}`);
    return { ok: true, value: { rows, totalRows: this.#totalRows, size: SIZE } as never };
  };
}

const SIZE = { keptChars: 1, totalBytes: 1, cut: false };
const OF = { run: 1, stream: 'stdout' } as const;
/** What an agent in memory answers comes in promises alone. */
const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

function rowsOf(agent: Agent) {
  const said: (OutputView | 'failed')[] = [];
  const rows = new OutputRows(agent, OF, (view) => said.push(view));
  const row = (index: number) => {
    const view = said.at(-1);
    return view === undefined || view === 'failed' ? view : view.row(index);
  };
  return { rows, said, row };
}

describe('of a long output', () => {
  test('only the blocks that are looked at are read, and each once', async () => {
    const agent = new Agent(10 * MAX_OUTPUT_ROWS);
    const { rows, said, row } = rowsOf(agent);
    await rows.open();
    expect(said).toMatchObject([{ totalRows: 10 * MAX_OUTPUT_ROWS, size: SIZE }]);
    for (let times = 0; times < 3; times++) rows.setVisible(2 * MAX_OUTPUT_ROWS - 1, 2 * MAX_OUTPUT_ROWS);
    await settled();
    rows.setVisible(0, MAX_OUTPUT_ROWS);
    await settled();
    expect(agent.asked.toSorted((a, b) => a - b)).toEqual([0, MAX_OUTPUT_ROWS, 2 * MAX_OUTPUT_ROWS]);
    expect([row(0), row(2 * MAX_OUTPUT_ROWS), row(3 * MAX_OUTPUT_ROWS)]).toEqual([
      'row 0',
      `row ${2 * MAX_OUTPUT_ROWS}`,
      undefined,
    ]);
  });

  test('a block that does not fit one answer is read in several', async () => {
    const agent = new Agent(MAX_OUTPUT_ROWS + 1, 200);
    const { rows, said, row } = rowsOf(agent);
    await rows.open();
    expect(agent.asked).toEqual([0, 200, 400]);
    expect([said.length, row(MAX_OUTPUT_ROWS - 1)]).toEqual([1, `row ${MAX_OUTPUT_ROWS - 1}`]);
  });

  test('an answer without rows ends the reading, whatever number of them it names', async () => {
    const agent = new Agent(100, 0);
    const { rows, said } = rowsOf(agent);
    await rows.open();
    expect([agent.asked, said.length]).toEqual([[0], 1]);
  });

  test('the blocks looked at longest ago are forgotten, and read again when they are looked at', async () => {
    const agent = new Agent(50 * MAX_OUTPUT_ROWS);
    const { rows, row } = rowsOf(agent);
    await rows.open();
    rows.setVisible(0, 40 * MAX_OUTPUT_ROWS);
    await settled();
    expect([row(0), row(MAX_OUTPUT_ROWS)]).toEqual([undefined, `row ${MAX_OUTPUT_ROWS}`]);
    rows.setVisible(0, 0);
    await settled();
    expect(row(0)).toBe('row 0');
  });

  test('what can not be read is said, and asked for when it is looked at the next time', async () => {
    const agent = new Agent(1);
    agent.fault = new Fault('unavailable', 'no agent');
    const { rows, said, row } = rowsOf(agent);
    await rows.open();
    expect(said).toEqual(['failed']);
    agent.fault = null;
    rows.setVisible(0, 0);
    await settled();
    expect(row(0)).toBe('row 0');
  });

  test('nothing is said of one that nobody looks at any more', async () => {
    const { rows, said } = rowsOf(new Agent(1));
    const opened = rows.open();
    rows.close();
    await opened;
    expect(said).toEqual([]);
  });
});

describe('the whole output', () => {
  /** Three characters an answer. */
  const reading = (text: string, failsAt = Number.POSITIVE_INFINITY): WindowClient => ({
    ask: async (_method, params) => {
      const { offsetChars } = params as unknown as Query;
      if (offsetChars >= failsAt) return { ok: false, fault: new Fault('unavailable', 'no agent') };
      const next = offsetChars + 3;
      const nextOffsetChars = next >= text.length ? null : next;
      return { ok: true, value: { text: text.slice(offsetChars, next), nextOffsetChars, size: SIZE } as never };
    },
  });

  test.each(['', 'abc', 'abcdefgh'])('is put together of as many answers as it takes: %o', async (text) => {
    expect(await wholeOutput(reading(text), 1, 'stdout')).toBe(text);
  });

  test('is nothing where a part of it can not be read', async () => {
    expect(await wholeOutput(reading('abcdefgh', 6), 1, 'stdout')).toBeNull();
  });

  test('can not be searched where the agent does not answer', async () => {
    const agent = new Agent(1);
    agent.fault = new Fault('unavailable', 'no agent');
    expect(await findInOutput(agent, OF, 'x')).toBeNull();
  });
});
