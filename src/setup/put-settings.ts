/** Settings and secrets of the PC, and who may touch them. */

import { rmSync } from 'node:fs';
import { errorText } from '../agent/base/logger.ts';
import { replaceFile } from '../agent/base/replace-file.ts';
import { SECRETS_KEY, SIGN_IN_SECRETS } from '../agent/os/secrets.ts';
import { PRIVATE_TREE, READ_ONLY_TREE } from '../agent/os/windows/access.ts';
import { makeDirectory } from '../shared/make-directory.ts';
import { putBack, readIfThere } from './files.ts';
import type { InstallInput, Plan } from './plan.ts';
import type { Transaction } from './transaction.ts';

export async function putConfiguration(input: InstallInput, plan: Plan, transaction: Transaction): Promise<void> {
  const { system } = input;
  const { file, toml, secrets } = plan.configuration;
  if (plan.choices.mode === 'service') protectData(input);
  if (toml !== null) {
    await transaction.step(`writing ${file}`, () => {
      const before = readIfThere(file);
      replaceFile(file, toml);
      return () => putBack(file, before);
    });
  }
  const entries = Object.entries(secrets);
  if (entries.length > 0) {
    await transaction.step('storing the secrets', () => {
      const before = new Map(entries.map(([name]) => [name, system.readValue(SECRETS_KEY, name)]));
      system.writeValues(SECRETS_KEY, {});
      system.protectKey(SECRETS_KEY);
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

/** Nobody but the Administrators may decide what the service does, or read what it has done. */
function protectData({ directories, system }: InstallInput): void {
  for (const [path, sddl] of [
    [directories.config, READ_ONLY_TREE],
    [directories.data, PRIVATE_TREE],
    [directories.logs, PRIVATE_TREE],
  ] as const) {
    makeDirectory(path);
    system.protectTree(path, sddl);
  }
}

/** Once nothing can fail any more. */
export function deleteSpent(path: string, { log }: InstallInput): void {
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
  for (const name of SIGN_IN_SECRETS) system.removeValue(SECRETS_KEY, name);
  rmSync(directories.own, { recursive: true, force: true });
}
