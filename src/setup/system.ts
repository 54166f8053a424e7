/** What the set-up does to the machine beyond files, as a port, so that its order of steps can be tried anywhere. */

import { machineRegistry, type RegistryValue } from '../agent/os/registry.ts';
import { makeDirectory, ownerOf, PRIVATE_KEY, protectTree } from '../agent/os/windows/access.ts';
import {
  protectKey,
  removeKey,
  removeKeyIfEmpty,
  removeValue,
  writeValues,
} from '../agent/os/windows/registry-write.ts';
import { ancestors, endProgram, programsBelow, type RunningProgram } from '../agent/os/windows/running-programs.ts';
import {
  enableService,
  putService,
  removeService,
  type ServiceSpec,
  type ServiceState,
  serviceState,
  startService,
  stopService,
} from '../agent/os/windows/service-manager.ts';
import { takeTurn } from '../agent/os/windows/setup-turn.ts';
import { ownSid } from '../agent/os/windows/sids.ts';

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
  /** Only SYSTEM and the Administrators can read it from then on. */
  protectKey(key: string): void;
  /** A new one; one that is there already is an error. */
  makeDirectory(path: string, sddl: string): void;
  /** The directory and all below it; `sddl` says who may. */
  protectTree(path: string, sddl: string): void;
  /** A SID, as is {@link System.ownAccount}. */
  ownerOf(path: string): string;
  ownAccount(): string;
  programsBelow(directory: string): RunningProgram[];
  /** Who has started us, and who them. */
  ancestors(): RunningProgram[];
  /** Only one set-up at a time, the installer itself included; false: another one still goes on after that time. */
  takeTurn(withinMs: number): Promise<boolean>;
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
  protectKey: (key) => protectKey(key, PRIVATE_KEY),
  makeDirectory,
  protectTree,
  ownerOf,
  ownAccount: ownSid,
  programsBelow,
  ancestors,
  takeTurn,
  endProgram,
};
