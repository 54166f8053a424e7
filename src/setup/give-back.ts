/** Opens the store of our agent, which has ended, for the way back to the original. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadBootConfig } from '../agent/config/load.ts';
import { type GivenBack, giveBack } from '../agent/results/give-back.ts';
import { STORE_FILE, salvageFrom } from '../agent/store/aside.ts';
import { openStore } from '../agent/store/open.ts';
import { Store } from '../agent/store/store.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { SETUP_EXIT, SetupError } from './exit-codes.ts';
import type { InstallInput } from './plan.ts';

export async function giveBackStore({ directories, env, platform, log }: InstallInput): Promise<GivenBack> {
  const directory = directories.agentDir;
  if (!existsSync(join(directory, STORE_FILE)) && salvageFrom(directory) === null)
    return { results: 0, completions: 0 };
  const loaded = loadBootConfig({ env, platform, cwd: directories.config, startedAs: 'service' });
  if (!loaded.ok) throw new SetupError(SETUP_EXIT.configuration, loaded.message);
  const { publishPinSkips } = loaded.config.results;
  const opened = openStore(directory, silentLogger, undefined, { publishPinSkips });
  if (opened.kind !== 'open')
    throw new SetupError(SETUP_EXIT.failed, `the store in ${directory} can not be opened: ${opened.kind}`);
  const { agent, history } = loaded.config;
  const store = new Store(opened.db, {
    directory,
    retention: { historyDays: history.days, historyMaxBytes: history.maxBytes },
    clock: systemClock,
    log: silentLogger,
  });
  try {
    return await giveBack(directories.data, store, agent.id, Date.now(), (text) => log.say(text));
  } finally {
    await store.close();
  }
}
