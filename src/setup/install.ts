/**
 * One installation, upgrade or repair. Invariants: nothing is changed before everything that was asked for has been looked at;
 * the files of a version that counts are never changed; a failure puts back what was there (1603), and an exit code says what
 * the person who reads it can do (deployment F2).
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SECRETS_KEY } from '../agent/os/secrets.ts';
import { PRIVATE_TREE, READ_ONLY_TREE } from '../agent/os/windows/access.ts';
import type { Directories } from '../shared/directories.ts';
import { type Choices, choose, readChoices, writeChoices } from './choices.ts';
import type { Parameters } from './command-line.ts';
import { type Configuration, planConfiguration } from './configuration.ts';
import { SETUP_EXIT, SetupFault } from './exit-codes.ts';
import {
  bytesBelow,
  filesBelow,
  isSameFile,
  isSameTree,
  moveWhenFree,
  putBack,
  readIfThere,
  replaceFile,
} from './files.ts';
import { compareVersions } from './layout.ts';
import { SERVICE, SERVICE_HOST } from './names.ts';
import { register, registeredVersion, startsWithSessions, startWithSessions, unregister } from './registration.ts';
import { type ServiceParts, startAgent, stopAgent } from './service.ts';
import { checkSignIn } from './sign-in.ts';
import { replaceOriginal, restoreOriginal } from './take-over.ts';
import { Transaction } from './transaction.ts';

export interface InstallInput extends ServiceParts {
  /** The version that is installed: the one of these files. */
  readonly version: string;
  /** Where the installer has put them. */
  readonly staged: string;
  readonly parameters: Parameters;
  readonly directories: Directories;
  /** The directory of the installer itself. */
  readonly beside: string;
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
}

/** @returns the exit code of the installer @throws {SetupFault} after everything is as it was before */
export async function install(input: InstallInput): Promise<number> {
  const plan = planOf(input);
  const transaction = new Transaction(input.log);
  try {
    await apply(input, plan, transaction);
  } catch (error) {
    input.log.say(`failed: ${error instanceof Error ? error.message : String(error)}`);
    await transaction.rollBack();
    throw error instanceof SetupFault ? error : new SetupFault(SETUP_EXIT.failed, String(error));
  }
  for (const path of plan.configuration.spent) deleteSpent(path, input);
  tidy(input, plan);
  if (!plan.starts) return SETUP_EXIT.ok;
  return plan.isUp ? checkSignIn(input) : SETUP_EXIT.serviceNotStarted;
}

/** Only looks whether it could be done as asked. @throws {SetupFault} */
export function checkInstall(input: InstallInput): void {
  planOf(input);
}

interface Plan {
  /** null: nothing counts yet. */
  readonly before: string | null;
  readonly choicesBefore: Choices | null;
  readonly choices: Choices;
  readonly configuration: Configuration;
  /** Whether the service is to run in the end. */
  readonly starts: boolean;
  isUp: boolean;
}

/** Looks at everything that was asked for. */
function planOf(input: InstallInput): Plan {
  const { layout, parameters, version, log } = input;
  if (parameters.REQUIRESIGNED === true)
    throw new SetupFault(SETUP_EXIT.configuration, '/REQUIRESIGNED: this release checks no signatures yet');
  const before = layout.current;
  if (before !== null && compareVersions(version, before) < 0 && parameters.ALLOWDOWNGRADE !== true)
    throw new SetupFault(
      SETUP_EXIT.newerInstalled,
      `version ${before} is installed, which is newer than ${version}; nothing was done`,
    );
  const choicesBefore = readChoices(layout.root);
  const choices = choose(parameters, choicesBefore);
  if (choices.mode === 'tray' && (parameters.REPLACE ?? parameters.RESTORE) === true)
    throw new SetupFault(SETUP_EXIT.configuration, '/REPLACE and /RESTORE are for /MODE=service');
  if (parameters.REPLACE === true && parameters.RESTORE === true)
    throw new SetupFault(SETUP_EXIT.configuration, '/REPLACE and /RESTORE: one of them');
  const configuration = planConfiguration({ ...input, mode: choices.mode });
  for (const warning of configuration.warnings) log.say(`note: ${warning}`);
  if (parameters.NOUPDATE === true) log.say('note: /NOUPDATE: this release never updates itself');
  const starts =
    choices.mode === 'service' &&
    parameters.NOSTART !== true &&
    parameters.SYSPREP !== true &&
    parameters.RESTORE !== true;
  return { before, choicesBefore, choices, configuration, starts, isUp: false };
}

async function apply(input: InstallInput, plan: Plan, transaction: Transaction): Promise<void> {
  const { system, layout, version, log, parameters } = input;
  const { choices } = plan;
  let ran = false;
  await transaction.step('stopping the agent', async () => {
    ran = await stopAgent(input);
    return ran ? () => system.startService(SERVICE) : null;
  });
  await putVersion(input, plan, transaction);
  await putPrograms(input, transaction);
  await putConfiguration(input, plan, transaction);
  if (parameters.REPLACE === true) await replaceOriginal(input, transaction);
  await transaction.step(`version ${version} counts from now on`, () => {
    layout.switchTo(version);
    return () => layout.switchTo(plan.before);
  });
  await transaction.step('the choices of this installation', () => {
    writeChoices(layout.root, choices);
    return () => writeChoices(layout.root, plan.choicesBefore);
  });
  await putRegistration(input, plan, transaction);
  await putService(input, plan, transaction);
  if (parameters.SYSPREP === true) forgetIdentity(input);
  if (parameters.RESTORE === true) await restoreOriginal(input, transaction);
  if (!plan.starts) return;
  log.say('starting the agent');
  const status = await startAgent(input, version);
  plan.isUp = status !== null;
  if (status === null && plan.before !== null && plan.before !== version) {
    await stopAgent(input).catch(() => {});
    throw new SetupFault(SETUP_EXIT.failed, `version ${version} does not start; ${plan.before} is back`);
  }
}

/** The new version beside the others. One that is there and whole stays, with everything that runs from it. */
async function putVersion(input: InstallInput, plan: Plan, transaction: Transaction): Promise<void> {
  const { layout, staged, version, log, system } = input;
  const directory = layout.directoryOf(version);
  const tree = join(staged, 'tree');
  writeHost(tree, plan.choices.mode);
  if (layout.has(version)) {
    if (isSameTree(tree, directory, [HOST_FILE])) {
      await transaction.step(`version ${version} is there, and whole`, () => {
        const file = join(directory, HOST_FILE);
        const host = readIfThere(file);
        writeHost(directory, plan.choices.mode);
        return () => putBack(file, host);
      });
      return;
    }
    await transaction.step(`version ${version} is there, but damaged: it is replaced`, async () => {
      for (const { pid, path } of system.programsBelow(directory)) {
        log.say(`ending ${path}`);
        system.endProgram(pid);
      }
      const aside = join(layout.versionsDirectory, `.damaged-${Date.now()}`);
      await moveWhenFree(directory, aside);
      return () => renameSync(aside, directory);
    });
  }
  await transaction.step(`putting version ${version} into place`, async () => {
    await moveWhenFree(tree, directory);
    return () => rmSync(directory, { recursive: true, force: true });
  });
}

/** Read by the tray application (`src/main/places.ts`). */
const HOST_FILE = 'app/resources/host.json';

function writeHost(tree: string, host: Choices['mode']): void {
  const file = join(tree, HOST_FILE);
  const text = `${JSON.stringify({ host })}\n`;
  if (readIfThere(file)?.toString() !== text) replaceFile(file, text);
}

/** Starter, service host, uninstaller. A program that runs can be renamed, not overwritten. */
async function putPrograms({ layout, staged }: InstallInput, transaction: Transaction): Promise<void> {
  const fresh = join(staged, 'root');
  mkdirSync(layout.bin, { recursive: true });
  for (const name of filesBelow(fresh)) {
    const file = join(layout.root, name);
    if (isSameFile(join(fresh, name), file)) continue;
    await transaction.step(`putting ${name} into place`, async () => {
      const aside = existsSync(file) ? `${file}.${Date.now()}.old` : null;
      if (aside !== null) await moveWhenFree(file, aside);
      await moveWhenFree(join(fresh, name), file);
      return () => {
        rmSync(file, { force: true });
        if (aside !== null) renameSync(aside, file);
      };
    });
  }
}

async function putConfiguration(input: InstallInput, plan: Plan, transaction: Transaction): Promise<void> {
  const { directories, system } = input;
  const { file, toml, secrets } = plan.configuration;
  if (plan.choices.mode === 'service') protectData(input);
  if (toml !== null) {
    await transaction.step(`writing ${file}`, () => {
      const before = readIfThere(file);
      mkdirSync(directories.config, { recursive: true });
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

function deleteSpent(path: string, { log }: InstallInput): void {
  try {
    rmSync(path);
    log.say(`deleted ${path}, its secret is stored`);
  } catch (error) {
    log.say(
      `note: ${path} holds a secret and can not be deleted: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Nobody but the Administrators may decide what the service does, or read what it has done. */
function protectData({ directories, system }: InstallInput): void {
  for (const [path, sddl] of [
    [directories.config, READ_ONLY_TREE],
    [directories.data, PRIVATE_TREE],
    [directories.logs, PRIVATE_TREE],
  ] as const) {
    if (existsSync(path)) continue;
    mkdirSync(path, { recursive: true });
    system.protectTree(path, sddl);
  }
}

async function putRegistration(input: InstallInput, plan: Plan, transaction: Transaction): Promise<void> {
  const { system, layout, version } = input;
  const { root } = layout;
  await transaction.step('the list of apps', () => {
    const listed = registeredVersion(system);
    const kibibytes = Math.ceil(bytesBelow(layout.directoryOf(version)) / 1024);
    register(system, { root, version, kibibytes });
    return () => (listed === null ? unregister(system) : register(system, { root, version: listed, kibibytes }));
  });
  await transaction.step(
    plan.choices.tray ? 'the icon starts with each session' : 'no icon starts with a session',
    () => {
      const before = startsWithSessions(system);
      startWithSessions(system, root, plan.choices.tray);
      return () => startWithSessions(system, root, before);
    },
  );
}

async function putService(
  { system, layout }: InstallInput,
  { choices }: Plan,
  transaction: Transaction,
): Promise<void> {
  const there = system.serviceState(SERVICE) !== 'absent';
  const commandLine = `"${join(layout.bin, SERVICE_HOST)}"`;
  const put = (autostart: boolean) =>
    system.putService({
      name: SERVICE,
      shownName: 'Kanade Tray Agent',
      description: 'Carries out what the IT department sends to this PC, and reports what became of it.',
      commandLine,
      autostart,
    });
  if (choices.mode === 'tray') {
    if (!there) return;
    await transaction.step(`no service ${SERVICE} any more`, () => {
      system.removeService(SERVICE);
      return () => put(true);
    });
    return;
  }
  await transaction.step(`the service ${SERVICE}`, () => {
    put(choices.autostart);
    return there ? null : () => system.removeService(SERVICE);
  });
}

/** For a disk that is copied: no name, no secret, no history of this PC stays on it. */
function forgetIdentity({ directories, system, log }: InstallInput): void {
  log.say('forgetting names, secrets and history of this PC');
  for (const name of ['NatsToken', 'NatsUser', 'NatsPassword']) system.removeValue(SECRETS_KEY, name);
  rmSync(directories.own, { recursive: true, force: true });
}

/** The version before stays for a way back; older ones go, as far as nothing runs from them. */
function tidy({ layout, version, log, staged }: InstallInput, { before }: Plan): void {
  const keep = new Set([version, before === version ? newestBut(layout.versions(), version) : before]);
  const leftovers = [
    ...layout
      .versions()
      .filter((each) => !keep.has(each))
      .map((each) => layout.directoryOf(each)),
    ...layout.asides(),
    // Of an uninstaller before.
    `${layout.root}.removing`,
    staged,
  ];
  for (const path of leftovers) {
    try {
      rmSync(path, { recursive: true, force: true });
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
