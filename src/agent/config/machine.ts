/** What loading asks of the machine, as a port: tests pass directories and policies of their own. */
import { homedir, hostname, userInfo } from 'node:os';
import {
  type PolicyReading,
  readPolicies,
  type SignedCommandsSwitch,
  signedCommandsSwitch,
} from '../../platform/policies.ts';
import { type Directories, directoriesOf } from '../../shared/directories.ts';
import type { Hosting } from '../../shared/states.ts';
import { POLICY_NAMES } from './collect.ts';
import { type HashSecret, machineHashSecret } from './helpdesk-hash.ts';
import type { TemplateFacts } from './template-expression.ts';

export interface Machine {
  readonly directories: Directories;
  readonly facts: TemplateFacts;
  readonly policies: PolicyReading;
  /** The original's switch for signed commands; null: not set. */
  readonly signedCommandsSwitch: SignedCommandsSwitch | null;
  /** The hash of the helpdesk code among the machine's secrets. */
  readonly helpdeskHash: HashSecret;
}

export interface MachineInput {
  readonly startedAs: Hosting;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string | null;
}

export function machineOf(input: MachineInput): Machine {
  const { platform } = input;
  return {
    directories: directoriesOf({ ...input, home: homedir() }),
    facts: templateFactsOf(input),
    policies: readPolicies(POLICY_NAMES, { platform }),
    signedCommandsSwitch: signedCommandsSwitch({ platform, mayBeDenied: input.startedAs === 'tray' }),
    helpdeskHash: machineHashSecret(platform),
  };
}

/** Names as the original's template library gives them (those of Rust's `std::env::consts`). */
const OS_NAMES: Readonly<Record<string, string>> = { win32: 'windows', darwin: 'macos' };
const ARCH_NAMES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64', ia32: 'x86' };

/** What the templates of a settings file are filled in with here. */
export function templateFactsOf({ platform, env, cwd }: Omit<MachineInput, 'startedAs'>): TemplateFacts {
  const system = {
    host: hostname(),
    os: OS_NAMES[platform] ?? platform,
    arch: ARCH_NAMES[process.arch] ?? process.arch,
    user: userName(env),
    cwd,
  };
  return { system, home: homedir(), platform, env };
}

function userName(env: Readonly<Record<string, string | undefined>>): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return env.USER ?? env.USERNAME ?? '';
  }
}
