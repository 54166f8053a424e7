/**
 * One installation, upgrade or repair. Invariants: nothing is changed before everything that was asked for has been checked;
 * the files of a version that counts are never changed; a failure puts back what was there (1603), and an exit code says what
 * the person who reads it can do (deploy §3).
 */
import { join } from 'node:path';
import { compareVersions } from '../base/compare-versions.ts';
import { errorText } from '../base/logger.ts';
import { writeChoices } from './choices.ts';
import { putEntry } from './entry.ts';
import { SETUP_EXIT, SetupError } from './exit-codes.ts';
import { bytesBelow } from './files.ts';
import { SERVICE } from './names.ts';
import type { InstallInput, Plan } from './plan.ts';
import { openPrograms, putPrograms, putVersion, showVersion } from './put-files.ts';
import { putRegistration, putService } from './put-registration.ts';
import { deleteSpent, forgetIdentity, putConfiguration, secureKeys } from './put-settings.ts';
import { startAgent, stopAgent } from './service.ts';
import { checkSignIn } from './sign-in.ts';
import { replaceOriginal, restoreOriginal } from './take-over.ts';
import { Transaction } from './transaction.ts';

/** `plan`: what was checked, and agreed to. @returns the exit code of the installer @throws {SetupError} after everything is as it was before */
export async function install(input: InstallInput, plan: Plan): Promise<number> {
  const transaction = new Transaction(input.log);
  let isUp: boolean;
  try {
    isUp = await apply(input, plan, transaction);
  } catch (error) {
    input.log.say(`failed: ${errorText(error)}`);
    await transaction.rollBack();
    throw error instanceof SetupError ? error : new SetupError(SETUP_EXIT.failed, String(error));
  }
  for (const path of plan.configuration.spent) deleteSpent(path, input);
  putEntry(input);
  tidy(input, plan);
  if (!plan.starts) return SETUP_EXIT.ok;
  return isUp ? checkSignIn(input) : SETUP_EXIT.serviceNotStarted;
}

/** @returns whether the agent is up; one that is not to start is not */
async function apply(input: InstallInput, plan: Plan, transaction: Transaction): Promise<boolean> {
  const { system, layout, version, log, parameters } = input;
  const { choices } = plan;
  let didNotStart = false;
  await transaction.step('stopping the agent', async () =>
    (await stopAgent(input)) ? () => system.startService(SERVICE) : null,
  );
  await secureKeys(input, plan, transaction);
  // Before people may read it, and hold it.
  const kibibytes = Math.ceil(bytesBelow(join(input.staged, 'tree')) / 1024);
  await putVersion(input, plan, transaction);
  await putPrograms(input, transaction);
  openPrograms(input, plan.choices.mode);
  await putConfiguration(input, plan, transaction);
  if (parameters.REPLACE === true) await replaceOriginal(input, transaction);
  await transaction.step(`version ${version} counts from now on`, () => {
    const { before } = plan;
    const { trial } = input;
    const isTrial = trial !== null && before !== null && before !== version;
    layout.switchTo(version, isTrial ? { trial: { before, ...trial } } : {});
    showVersion(input, version);
    return () => {
      layout.switchTo(before, isTrial && didNotStart ? { failed: { version, ...trial } } : {});
      showVersion(input, before);
    };
  });
  await transaction.step('the choices of this installation', () => {
    writeChoices(layout, choices);
    return () => writeChoices(layout, plan.choicesBefore);
  });
  await putRegistration(input, plan, kibibytes, transaction);
  await putService(input, plan, transaction);
  if (parameters.SYSPREP === true) forgetIdentity(input);
  if (parameters.RESTORE === true) await restoreOriginal(input, transaction);
  if (!plan.starts) return false;
  log.say('starting the agent');
  const status = await startAgent(input, version);
  if (status === null && plan.before !== null && plan.before !== version) {
    await stopAgent(input).catch(() => {});
    didNotStart = true;
    throw new SetupError(SETUP_EXIT.failed, `version ${version} does not start; ${plan.before} is back`);
  }
  return status !== null;
}

/**
 * The version before stays for a way back, and what people start; older ones go, as far as nothing runs from them. Where it can't
 * be told what people start, because somebody holds that, it is the version that counts or the one before.
 */
function tidy({ layout, version, log, staged, system }: InstallInput, { before }: Plan): void {
  const keep = new Set([version, layout.shown, before === version ? newestBut(layout.versions(), version) : before]);
  const leftovers = [
    ...layout
      .versions()
      .filter((each) => !keep.has(each))
      .map((each) => layout.directoryOf(each)),
    ...layout.asides(),
    staged,
  ];
  for (const path of leftovers) {
    try {
      system.removeTree(path);
    } catch {
      log.say(`note: ${path} is in use, the next installation removes it`);
    }
  }
}

function newestBut(versions: readonly string[], version: string): string | undefined {
  return versions
    .filter((each) => each !== version)
    .sort(compareVersions)
    .at(-1);
}
