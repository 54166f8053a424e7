/**
 * `npm run bench [-- --smoke]`: takes every measure and writes docs/performance.md. The smoke run is small, writes nothing and
 * only proves that each measure can be taken. `-- --only NAME` (repeatable) takes some of them and writes nothing either.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findNatsServer } from '../scripts/lib/nats-server.ts';
import { Bench, type Tools } from './bench.ts';
import { AGENT_MAIN } from './contenders.ts';
import { writeDocument } from './document.ts';
import { burst, longBurst } from './measures/burst.ts';
import { drain } from './measures/drain.ts';
import { duplicates } from './measures/duplicates.ts';
import { idle } from './measures/idle.ts';
import { limits } from './measures/limits.ts';
import { loop } from './measures/loop.ts';
import { oneAtATime } from './measures/one-at-a-time.ts';
import { outage } from './measures/outage.ts';
import { powershell, powershellBurst } from './measures/powershell.ts';
import { start } from './measures/start.ts';
import { waiting } from './measures/waiting.ts';
import { limitsTable, rowsTable, verdicts } from './report.ts';
import { FULL, SMOKE } from './sizes.ts';

const MEASURES: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  limits,
  start,
  'one-at-a-time': oneAtATime,
  burst,
  'long-burst': longBurst,
  waiting,
  duplicates,
  drain,
  outage,
  loop,
  idle,
  powershell,
  'powershell-burst': powershellBurst,
};

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { smoke: { type: 'boolean', default: false }, only: { type: 'string', multiple: true, default: [] } },
  });
  if (process.platform !== 'linux') {
    say('The benchmark reads CPU and memory from /proc and so runs on Linux only.');
    return 1;
  }
  const unknown = values.only.find((name) => !(name in MEASURES));
  if (unknown !== undefined) {
    say(`There is no measure "${unknown}": ${Object.keys(MEASURES).join(', ')}.`);
    return 1;
  }
  const tools = await findTools();
  if (typeof tools === 'string') {
    say(tools);
    return 1;
  }
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort(new Error(name)));
  const bench = await Bench.open({ tools, sizes: values.smoke ? SMOKE : FULL, signal: stopping.signal });
  try {
    const failed = await takeAll(bench, values.only);
    say(`\n${rowsTable(bench.book)}\n\n${limitsTable(bench.book)}\n`);
    if (values.smoke)
      say('A smoke run: far fewer of everything, so the numbers say nothing but that they can be taken.');
    else for (const { sentence } of verdicts(bench.book)) say(sentence);
    const writes = !values.smoke && values.only.length === 0 && failed.length === 0;
    if (writes) say(`\nWritten: ${writeDocument(bench)}`);
    const taken = Object.keys(MEASURES).length - failed.length;
    say(`${values.only.length === 0 ? taken : values.only.length - failed.length} passed, ${failed.length} failed`);
    return failed.length === 0 ? 0 : 1;
  } finally {
    await bench.close();
  }
}

/** Takes the measures one after another; a failed one does not keep the others from being taken. */
async function takeAll(bench: Bench, only: readonly string[]): Promise<string[]> {
  const failed: string[] = [];
  for (const [name, take] of Object.entries(MEASURES)) {
    if (only.length > 0 && !only.includes(name)) continue;
    const beginMs = performance.now();
    try {
      await take(bench);
      say(`${name}: ${((performance.now() - beginMs) / 1000).toFixed(1)} s`);
    } catch (error) {
      bench.signal.throwIfAborted();
      failed.push(name);
      say(`${name} could not be taken: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  return failed;
}

/** The programs that are compared, or a sentence that says what is missing. */
async function findTools(): Promise<Tools | string> {
  const natsServer = await findNatsServer();
  if (natsServer === undefined) return 'There is no nats-server yet: "npm run bench" sets it up.';
  const original = join(process.env.KANADE_TRAY_INTEROP_BIN ?? '', 'kanade-agent');
  if (!existsSync(original)) return 'The original agent is not here: "npm run bench" builds it.';
  if (!existsSync(AGENT_MAIN)) return 'The agent is not built: "npm run bench" builds it.';
  return { node: process.execPath, original, natsServer };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
