/** What the set-up does to the machine beyond files, as a port, so that its order of steps can be tried anywhere. */
import { machineRegistry, type RegistryValue } from '../platform/registry.ts';
import { makeDirectory, PRIVATE_FILE } from '../platform/windows/access.ts';
import { insistOn, type Say } from '../platform/windows/holders.ts';
import { writePrivateFile } from '../platform/windows/private-file.ts';
import {
  type KeyBefore,
  removeKey,
  removeKeyIfEmpty,
  removeValue,
  secureKey,
  writeValues,
} from '../platform/windows/registry-write.ts';
import { removeTree } from '../platform/windows/remove-tree.ts';
import { ancestors, endProgram, programsBelow, type RunningProgram } from '../platform/windows/running-programs.ts';
import { giveAccess, type Inside, secureDirectory, untrusted } from '../platform/windows/secure-directory.ts';
import {
  enableService,
  putService,
  removeService,
  type ServiceSpec,
  type ServiceState,
  serviceState,
  startService,
  stopService,
} from '../platform/windows/service-manager.ts';
import { takeSetupLock } from '../platform/windows/setup-lock.ts';
import { freeFile, shutFile } from '../platform/windows/shut-file.ts';

export interface System {
  serviceState(name: string): ServiceState;
  putService(spec: ServiceSpec): void;
  startService(name: string): void;
  stopService(name: string): void;
  removeService(name: string): void;
  enableService(name: string, enabled: boolean): void;
  readValue(key: string, name: string): RegistryValue;
  writeValues(key: string, values: Readonly<Record<string, string | number>>): void;
  removeValue(key: string, name: string): void;
  removeKey(key: string): void;
  removeKeyIfEmpty(key: string): void;
  /** Makes the key, or shuts the one that is there: only those that `sddl` names can read or change it from then on. */
  secureKey(key: string, sddl: string): KeyBefore;
  /** A new one; one that is there already is an error. */
  makeDirectory(path: string, sddl: string): void;
  /** See there. @throws {NotSecured} */
  secureDirectory(path: string, sddl: string, inside: Inside, say: Say): void;
  /** See there: for what nobody else could open until now. */
  giveAccess(path: string, sddl: string, inside: { readonly deep: boolean }): void;
  /** Nobody else can open the file from now on, and nobody does. @throws {StillHeld} */
  shutFile(path: string, say: Say): void;
  /** To read a file that nobody else can open waits for nobody from now on. @throws {StillHeld} */
  freeFile(path: string, say: Say): void;
  /** Makes a file that only SYSTEM and the Administrators can open; one that is there already is an error. */
  makeFile(path: string, content: Uint8Array): void;
  /** Does `work`, ending programs of people that keep us from it by what they hold at `path` or below. @throws {StillHeld} */
  insist<T>(path: string, work: () => T, say: Say): T;
  /** Why somebody who is no administrator could change it; null: nobody could. */
  untrusted(path: string, rights?: number): string | null;
  /** A file, or a directory with all that is in it, following no link. False: it was not there. */
  removeTree(root: string, ...steps: readonly string[]): boolean;
  programsBelow(directory: string): RunningProgram[];
  /** Who has started us, and who them. */
  ancestors(): RunningProgram[];
  /** Only one set-up at a time, the installer itself included; false: another one still goes on after that time. */
  takeSetupLock(withinMs: number): Promise<boolean>;
  endProgram(pid: number): void;
}

export const WINDOWS: System = {
  serviceState,
  putService,
  startService,
  stopService,
  removeService,
  enableService,
  readValue: (key, name) => machineRegistry().read(key, name),
  writeValues,
  removeValue,
  removeKey,
  removeKeyIfEmpty,
  secureKey,
  makeDirectory,
  secureDirectory,
  giveAccess,
  shutFile,
  freeFile,
  makeFile: (path, content) => writePrivateFile(path, content, PRIVATE_FILE),
  insist: insistOn,
  untrusted,
  removeTree,
  programsBelow,
  ancestors,
  takeSetupLock,
  endProgram,
};
