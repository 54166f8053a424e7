/** The names of the daily log files (protocol §9.1): `<stem>.YYYY-MM-DD.<ext>` beside the template `<stem>.<ext>`. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { DAY_MS } from '../shared/time-units.ts';
import { dayOf } from './log-limits.ts';

/** The file of the UTC day that `nowMs` lies in. */
export function dailyFile(pathTemplate: string, nowMs: number): string {
  const { stem, extension } = parts(pathTemplate);
  const date = new Date(dayOf(nowMs) * DAY_MS).toISOString().slice(0, 10);
  return join(dirname(pathTemplate), `${stem}.${date}${extension}`);
}

/**
 * The daily files that are there and ours, oldest first. Those of days to come are left out: a clock that was wrong has made
 * them, and they are neither the newest nor in the way of the others.
 */
export async function dailyFiles(pathTemplate: string, nowMs: number): Promise<string[]> {
  const { stem, extension } = parts(pathTemplate);
  const directory = dirname(pathTemplate);
  const names = await readdir(directory);
  const isOurs = (name: string) => {
    if (!name.startsWith(`${stem}.`) || !name.endsWith(extension)) return false;
    const date = name.slice(stem.length + 1, name.length - extension.length);
    if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return false;
    const atMs = Date.parse(`${date}T00:00:00Z`);
    return !Number.isNaN(atMs) && atMs <= nowMs;
  };
  return names
    .filter(isOurs)
    .sort()
    .map((name) => join(directory, name));
}

function parts(pathTemplate: string): { stem: string; extension: string } {
  const extension = extname(pathTemplate);
  return { stem: basename(pathTemplate, extension), extension };
}
