/**
 * `--self-test`: what the version before us asks before it makes place for us. Everything that a start needs and that can be tried
 * beside a running agent: our code and native code load, the settings are usable, and we can work on its store.
 */
import { systemClock } from '../../base/clock.ts';
import { errorText, silentLogger } from '../../base/logger.ts';
import { koffi } from '../../platform/koffi.ts';
import type { Loaded } from '../config/load.ts';
import { tryStore } from '../store/try-out.ts';
import { selfTestText } from '../update/self-test.ts';

export interface SelfTested {
  readonly ok: boolean;
  readonly text: string;
}

/** `directory` holds a copy of the store. */
export async function selfTest(loaded: Loaded, directory: string, version: string): Promise<SelfTested> {
  if (!loaded.ok) return { ok: false, text: `settings: ${loaded.message}\n` };
  try {
    koffi();
    // What is loaded late otherwise.
    await Promise.all([import('../status/serve.ts'), import('./standby.ts'), import('../runtime/runtime.ts')]);
  } catch (error) {
    return { ok: false, text: `code: ${errorText(error)}\n` };
  }
  const { history } = loaded.config;
  const tried = await tryStore({
    directory,
    retention: { historyDays: history.days, historyMaxBytes: history.maxBytes },
    clock: systemClock,
    log: silentLogger,
  });
  if (!tried.ok) return { ok: false, text: `store: ${tried.why}\n` };
  return { ok: true, text: selfTestText({ version, schema: tried.schema, min_reader: tried.minReader }) };
}
