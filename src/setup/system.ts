/** What the set-up does to the machine beyond files, as a port, so that its order of steps can be tried anywhere. */
import { PRIVATE_FILE, PRIVATE_KEY, protectFile } from '../agent/os/windows/access.ts';
import { protectKey, removeKey, removeValue, writeValues } from '../agent/os/windows/registry-write.ts';
import { endProgram, programsBelow, type RunningProgram } from '../agent/os/windows/running-programs.ts';
import {
  putService,
  removeService,
  type ServiceSpec,
  type ServiceState,
  serviceState,
  startService,
  stopService,
} from '../agent/os/windows/service-manager.ts';

export interface System {
  serviceState(name: string): ServiceState;
  putService(spec: ServiceSpec): void;
  startService(name: string): void;
  stopService(name: string): void;
  removeService(name: string): void;
  writeValues(key: string, values: Readonly<Record<string, string | number>>): void;
  removeValue(key: string, name: string): void;
  removeKey(key: string): void;
  /** Only SYSTEM and the Administrators can read it from then on. */
  protectKey(key: string): void;
  protectFile(path: string): void;
  programsBelow(directory: string): RunningProgram[];
  endProgram(pid: number): void;
}

export const WINDOWS: System = {
  serviceState,
  putService,
  startService,
  stopService,
  removeService,
  writeValues,
  removeValue,
  removeKey,
  protectKey: (key) => protectKey(key, PRIVATE_KEY),
  protectFile: (path) => protectFile(path, PRIVATE_FILE),
  programsBelow,
  endProgram,
};
