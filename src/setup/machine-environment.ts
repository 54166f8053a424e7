/**
 * What a set-up knows of the places of this PC: what the machine says, never the environment of whoever has started it (a person has
 * variables of their own in it, and the set-up has rights that they have not). The service that it installs gets the same.
 */
import { win32 } from 'node:path';
import type { Registry } from '../platform/registry.ts';

const WINDOWS_NT = 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion';
const PROFILES = `${WINDOWS_NT}\\ProfileList`;
/** What an administrator has set for all of the PC, its services among it. */
const VARIABLES = 'SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment';
/** Those that the agent obeys (protocol §9.4). */
const OBEYED = [
  'KANADE_AGENT_CONFIG',
  'KANADE_AGENT_DATA_DIR',
  'KANADE_NATS_USER',
  'KANADE_NATS_PASSWORD',
  'KANADE_NATS_TOKEN',
] as const;

export interface MachineEnvironment {
  /** In place of the environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the profiles of the people of this PC lie. */
  readonly profiles: string;
}

/** `own` is the environment of the process: Windows puts its places into what it reads for us, so they are set right in it first. */
export function machineEnvironment(registry: Registry, own: NodeJS.ProcessEnv): MachineEnvironment {
  const text = (key: string, name: string): string | null => {
    const found = registry.read(key, name);
    return found.kind === 'text' && found.text !== '' ? found.text : null;
  };
  const windows = text(WINDOWS_NT, 'SystemRoot') ?? 'C:\\Windows';
  const drive = win32.parse(windows).root.replace(/\\$/, '');
  own.SystemRoot = windows;
  own.SystemDrive = drive;
  const programData = text(PROFILES, 'ProgramData') ?? `${drive}\\ProgramData`;
  own.ProgramData = programData;
  const named = OBEYED.flatMap((name) => {
    const value = text(VARIABLES, name);
    return value === null ? [] : [[name, value] as const];
  });
  const env = { SystemRoot: windows, SystemDrive: drive, ProgramData: programData, ...Object.fromEntries(named) };
  return { env, profiles: text(PROFILES, 'ProfilesDirectory') ?? `${drive}\\Users` };
}
