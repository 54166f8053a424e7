/** What IT chose at the installation, kept beside the programs: an upgrade without parameters changes none of it. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../agent/base/replace-file.ts';
import type { Parameters } from './command-line.ts';

export interface Choices {
  /** Who hosts the agent (design §4). */
  readonly mode: 'service' | 'tray';
  /** Whether the icon starts in each session. */
  readonly tray: boolean;
  /** Whether the service starts with Windows. */
  readonly autostart: boolean;
}

const DEFAULT: Choices = { mode: 'service', tray: true, autostart: true };
const FILE = 'install.json';

/** null: none were ever written, or they can't be read. */
export function readChoices(root: string): Choices | null {
  try {
    const read: unknown = JSON.parse(readFileSync(join(root, FILE), 'utf8'));
    if (typeof read !== 'object' || read === null) return null;
    const { mode, tray, autostart } = read as Record<string, unknown>;
    return {
      mode: mode === 'tray' ? 'tray' : 'service',
      tray: tray !== false,
      autostart: autostart !== false,
    };
  } catch {
    return null;
  }
}

export function writeChoices(root: string, choices: Choices | null): void {
  if (choices === null) rmSync(join(root, FILE), { force: true });
  else replaceFile(join(root, FILE), `${JSON.stringify(choices)}\n`);
}

/** A parameter counts, else what was chosen before, else the default. */
export function choose(parameters: Parameters, before: Choices | null): Choices {
  const { mode, tray, autostart } = before ?? DEFAULT;
  return {
    mode: parameters.MODE ?? mode,
    tray: parameters.NOTRAY === undefined ? tray : !parameters.NOTRAY,
    autostart: parameters.NOAUTOSTART === undefined ? autostart : !parameters.NOAUTOSTART,
  };
}
