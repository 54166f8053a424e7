/**
 * The original agent goes, and comes back (deploy §6). Both agents use one data directory and one consumer on the broker;
 * what one has done must not be done again by the other.
 */
import { SETUP_EXIT, SetupError } from './exit-codes.ts';
import { giveBackStore } from './give-back.ts';
import { ORIGINAL_SERVICE, SERVICE } from './names.ts';
import type { InstallInput } from './plan.ts';
import { stopOther } from './service.ts';
import type { Transaction } from './transaction.ts';

/** Stops and disables the original. Its settings are ours already, and our agent imports its files at its first start. */
export async function replaceOriginal({ system, log }: InstallInput, transaction: Transaction): Promise<void> {
  const state = system.serviceState(ORIGINAL_SERVICE);
  if (state === 'absent') {
    log.say('note: /REPLACE: the original agent is not installed');
    return;
  }
  await transaction.step(`the original agent (${ORIGINAL_SERVICE}) is stopped and disabled`, async () => {
    if (!(await stopOther(system, ORIGINAL_SERVICE)))
      throw new SetupError(SETUP_EXIT.failed, `the service ${ORIGINAL_SERVICE} does not stop`);
    system.enableService(ORIGINAL_SERVICE, false);
    return () => {
      system.enableService(ORIGINAL_SERVICE, true);
      if (state === 'running') system.startService(ORIGINAL_SERVICE);
    };
  });
}

/** Ours stands down and leaves the original what it needs to go on; its consumer on the broker was never another one. */
export async function restoreOriginal(input: InstallInput, transaction: Transaction): Promise<void> {
  const { system, log } = input;
  if (system.serviceState(ORIGINAL_SERVICE) === 'absent')
    throw new SetupError(
      SETUP_EXIT.configuration,
      `/RESTORE: the original agent (${ORIGINAL_SERVICE}) is not installed`,
    );
  await transaction.step('results and completions go back to the original agent', async () => {
    const { results, completions } = await giveBackStore(input);
    log.say(`${results} unsent results and ${completions} completions were written for it`);
    return null;
  });
  await transaction.step(`the original agent (${ORIGINAL_SERVICE}) works again, ${SERVICE} does not`, () => {
    system.enableService(SERVICE, false);
    system.enableService(ORIGINAL_SERVICE, true);
    system.startService(ORIGINAL_SERVICE);
    return () => system.enableService(SERVICE, true);
  });
}
