/** The app shell's own log: one file, and the one before it. What can't be written is no reason to end. */
import { appendFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { oneLine } from '../base/logger.ts';
import { makeDirectory } from '../shared/make-directory.ts';

export interface AppLog {
  info(text: string): void;
  error(text: string, error?: unknown): void;
}

const MAX_BYTES = 1024 * 1024;

export function openAppLog(file: string, nowMs: () => number = Date.now): AppLog {
  const write = (level: string, text: string) => {
    try {
      makeDirectory(dirname(file));
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) renameSync(file, `${file}.1`);
      // A line that is not the first one can't be taken for an entry.
      const lines = text.split('\n').map(oneLine).join('\n  ');
      appendFileSync(file, `${new Date(nowMs()).toISOString()} ${level} ${lines}\n`);
    } catch {
      // A full disk, or a directory that is not ours: there is nobody to tell.
    }
  };
  return {
    info: (text) => write('INFO', text),
    error: (text, error) => write('ERROR', error === undefined ? text : `${text}: ${detailOf(error)}`),
  };
}

function detailOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
