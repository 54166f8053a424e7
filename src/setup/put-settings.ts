/** Settings and secrets of the PC, and who may touch them. */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { HASH_SECRET } from '../agent/config/helpdesk-hash.ts';
import { errorText } from '../base/logger.ts';
import { replaceFile } from '../base/replace-file.ts';
import { POLICY_KEY } from '../platform/policies.ts';
import { SECRETS_KEY, SIGN_IN_SECRETS } from '../platform/secrets.ts';
import { PRIVATE_KEY, READABLE_KEY } from '../platform/windows/access.ts';
import type { Choices } from './choices.ts';
import { putBack, readIfThere } from './files.ts';
import { whyNotDeleted } from './named-files.ts';
import { whyNotBuiltIn } from './place.ts';
import type { InstallInput, Plan } from './plan.ts';
import { secureData, whyExchangeable } from './secure.ts';
import type { Transaction } from './transaction.ts';

export async function putConfiguration(input: InstallInput, plan: Plan, transaction: Transaction): Promise<void> {
  const { system } = input;
  const { file, toml, secrets } = plan.configuration;
  const secure = (mode: Choices['mode']) => secureData(input.directories, mode, system, (line) => input.log.say(line));
  await transaction.step('who may read the settings', () => {
    secure(plan.choices.mode);
    // After the file is put back: it comes with the list of its directory.
    return () => secure(plan.choicesBefore?.mode ?? 'service');
  });
  if (toml !== null) {
    await transaction.step(`writing ${file}`, () => {
      const before = readIfThere(file);
      replaceFile(file, toml);
      // Whoever installs may be the owner of what is made; the service trusts the Administrators only.
      secure(plan.choices.mode);
      return () => putBack(file, before);
    });
  }
  const entries = Object.entries(secrets);
  if (entries.length > 0) {
    await transaction.step('storing the secrets', () => {
      const before = new Map(entries.map(([name]) => [name, system.readValue(SECRETS_KEY, name)]));
      system.secureKey(SECRETS_KEY, PRIVATE_KEY);
      system.writeValues(SECRETS_KEY, Object.fromEntries(entries));
      return () => {
        for (const [name, value] of before) {
          if (value.kind === 'text') system.writeValues(SECRETS_KEY, { [name]: value.text });
          else system.removeValue(SECRETS_KEY, name);
        }
      };
    });
  }
}

/**
 * The keys that a group policy fills, on a copied disk long after us: they are there, and shut, before anything can be put into
 * them. In tray mode the agent is a user's own and has to read them; a secret that it may have is in a file of that user.
 */
export async function secureKeys(
  { system, log }: InstallInput,
  { choices }: Plan,
  transaction: Transaction,
): Promise<void> {
  const keys: [string, string][] =
    choices.mode === 'service'
      ? [
          [SECRETS_KEY, PRIVATE_KEY],
          [POLICY_KEY, PRIVATE_KEY],
        ]
      : [[POLICY_KEY, READABLE_KEY]];
  for (const [key, sddl] of keys)
    await transaction.step(`who may read HKLM\\${key}`, () => {
      const before = system.secureKey(key, sddl);
      if (before === 'open')
        log.say(`note: everybody could read HKLM\\${key} until now: a secret in it should be replaced by another one`);
      return before === 'absent' ? () => system.removeKeyIfEmpty(key) : null;
    });
}

/**
 * Once nothing can fail any more; and only what is still what was read: what a share, a stick or an image says of its access lists
 * proves nothing.
 */
export function deleteSpent(
  path: string,
  { log, system, asks, beside }: Pick<InstallInput, 'log' | 'system' | 'asks' | 'beside'>,
  whyElsewhere: (path: string) => string | null = whyNotBuiltIn,
): void {
  const why =
    (asks ? whyNotDeleted(path, beside) : null) ?? whyElsewhere(path) ?? whyExchangeable(dirname(path), system);
  if (why !== null) {
    log.say(`note: ${path} holds a secret and is left where it is, please delete it: ${why}`);
    return;
  }
  try {
    rmSync(path);
    log.say(`deleted ${path}, its secret is stored`);
  } catch (error) {
    log.say(`note: ${path} holds a secret and can not be deleted: ${errorText(error)}`);
  }
}

/** For a disk that is copied: no name, no secret, no history of this PC stays on it. */
export function forgetIdentity({ directories, system, log }: InstallInput): void {
  log.say('forgetting names, secrets and history of this PC');
  for (const name of [...SIGN_IN_SECRETS, HASH_SECRET]) system.removeValue(SECRETS_KEY, name);
  system.removeTree(directories.agentDir);
}
