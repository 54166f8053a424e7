/** What the person has chosen, and the size of the window: a file of their own, without secrets. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { DEFAULT_PREFERENCES, preferencesSchema, rememberedSchema } from '../shared/app-shell-contract.ts';
import { makeDirectory } from '../shared/make-directory.ts';
import { NOTHING_REMEMBERED } from '../shared/remembered.ts';
import { uiSettingsSchema } from '../shared/ui-view.ts';
import type { AppLog } from './log.ts';

const storedSchema = z.object({
  preferences: preferencesSchema.catch(DEFAULT_PREFERENCES),
  /** In pixels; the place is left to the system. */
  window: z
    .object({ width: z.number().int().min(360).max(10_000), height: z.number().int().min(360).max(10_000) })
    .nullable()
    .catch(null),
  /** The newest run when the list was last looked at; null: it never was. */
  seenRun: z.number().int().nullable().catch(null),
  /** What IT decided, as last heard: it holds while the agent is not there. */
  ui: uiSettingsSchema.nullable().catch(null),
  remembered: rememberedSchema.catch(NOTHING_REMEMBERED),
});
export type Stored = z.infer<typeof storedSchema>;

const NOTHING_STORED: Stored = {
  preferences: DEFAULT_PREFERENCES,
  window: null,
  seenRun: null,
  ui: null,
  remembered: NOTHING_REMEMBERED,
};

export class PreferencesFile {
  readonly #file: string;
  readonly #log: AppLog;
  #stored: Stored;

  constructor(file: string, log: AppLog) {
    this.#file = file;
    this.#log = log;
    this.#stored = this.#read();
  }

  get value(): Stored {
    return this.#stored;
  }

  /** Kept at once, where it is something else; written as a whole or not at all. */
  set(changed: Partial<Stored>): void {
    const before = JSON.stringify(this.#stored);
    this.#stored = { ...this.#stored, ...changed };
    if (JSON.stringify(this.#stored) === before) return;
    try {
      makeDirectory(dirname(this.#file));
      writeFileSync(`${this.#file}.new`, `${JSON.stringify(this.#stored, null, 2)}\n`, { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
    } catch (error) {
      this.#log.error('the preferences can not be kept', error);
    }
  }

  #read(): Stored {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch {
      return NOTHING_STORED;
    }
    try {
      return storedSchema.parse(JSON.parse(text));
    } catch (error) {
      this.#log.error(`${this.#file} can not be read, so nothing of it counts`, error);
      return NOTHING_STORED;
    }
  }
}
