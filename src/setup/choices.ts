/** What IT chose at the installation, kept beside the programs: an upgrade without parameters changes none of it. */
import { join } from 'node:path';
import type { Parameters } from './command-line.ts';
import { putBack, readIfThere } from './files.ts';
import type { Layout } from './layout.ts';

export interface Choices {
  /** Who hosts the agent (architecture §4). */
  readonly mode: 'service' | 'tray';
  /** Whether the icon starts in each session. */
  readonly tray: boolean;
  /** Whether the service starts with Windows. */
  readonly autostart: boolean;
}

const DEFAULT: Choices = { mode: 'service', tray: true, autostart: true };

export function choicesFile({ privateDirectory }: Pick<Layout, 'privateDirectory'>): string {
  return join(privateDirectory, 'install.json');
}

/** null: none were ever written, or the file says nothing. @throws where it can't be read */
export function readChoices(layout: Layout): Choices | null {
  const text = readIfThere(choicesFile(layout))?.toString() ?? '';
  try {
    const read: unknown = JSON.parse(text);
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

export function writeChoices(layout: Layout, choices: Choices | null): void {
  putBack(choicesFile(layout), choices === null ? null : Buffer.from(`${JSON.stringify(choices)}\n`));
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
