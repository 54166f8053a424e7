/** The pages for IT say what the code does: parameters, exit codes, events. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EVENT } from '../src/agent/duties/system-events.ts';
import { HANDED_OVER } from '../src/base/handed-over.ts';
import { PARAMETER_NAMES } from '../src/setup/command-line.ts';
import { ASKS, SETUP_EXIT } from '../src/setup/exit-codes.ts';

const page = (name: string) => readFileSync(join(import.meta.dirname, '..', 'docs', name), 'utf8');

/** The first cells of all rows that begin with a code span. */
function firstCells(text: string): string[] {
  return Array.from(text.matchAll(/^\| (`[^|]+) \|/gm), (match) => match[1] ?? '');
}

it('each parameter of the installer is explained, and none that is not there', () => {
  const explained = firstCells(page('deploy.md')).flatMap((cell) =>
    Array.from(cell.matchAll(/`\/([A-Z]{2,})/g), (match) => match[1] ?? ''),
  );
  expect([...new Set(explained)].toSorted()).toEqual([...PARAMETER_NAMES].toSorted());
});

it('each exit code of the set-up is explained', () => {
  const explained = Array.from(page('deploy.md').matchAll(/^\| (\d+) \|/gm), (match) => Number(match[1]));
  expect(explained.toSorted((a, b) => a - b)).toEqual(Object.values(SETUP_EXIT).toSorted((a, b) => a - b));
});

it('the scripts of the installer mean the same by their exit codes', () => {
  const script = readFileSync(join(import.meta.dirname, '..', 'installer', 'common.nsh'), 'utf8');
  const defined = Array.from(script.matchAll(/^!define EXIT_\w+ (\d+)$/gm), (match) => Number(match[1]));
  const known = [...Object.values(SETUP_EXIT).filter((code) => code !== SETUP_EXIT.ok), HANDED_OVER, ASKS];
  expect(defined.toSorted((a, b) => a - b)).toEqual(known.toSorted((a, b) => a - b));
});

it('each event is explained, and has its text in the message table of the service host', () => {
  const ids = Object.values(EVENT).toSorted((a, b) => a - b);
  const explained = Array.from(page('events.md').matchAll(/^\| (\d+) \|/gm), (match) => Number(match[1]));
  expect(explained).toEqual(ids);
  const table = readFileSync(join(import.meta.dirname, '..', 'native', 'events.mc'), 'utf8');
  expect(Array.from(table.matchAll(/^MessageId=(\d+)$/gm), (match) => Number(match[1]))).toEqual(ids);
});
