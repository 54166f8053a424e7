/** The built agent as a child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { AGENT_MAIN } from './building.ts';
import { ManagedProcess } from './managed-process.ts';
import type { SignIn } from './start-options.ts';

/** Beyond the agent's own deadlines for a stop. */
const STOP_MS = 45_000;

/** Windows has no signals: there the agent hears on its standard input that it is to end, as from the host of its service. */
export const CONTROL: readonly string[] = process.platform === 'win32' ? ['--control'] : [];

/** For a process that was started with {@link CONTROL}, and a pipe as its standard input on Windows. */
export function askToEnd(child: ChildProcess, signal: NodeJS.Signals) {
  if (process.platform === 'win32') child.stdin?.write('stop\n');
  else child.kill(signal);
}

export interface AgentOptions {
  /** Node 24 */
  readonly node: string;
  /** Its agent.toml */
  readonly config: string;
  readonly dataDir: string;
  /** To start from; settings of another agent are taken out */
  readonly env: NodeJS.ProcessEnv;
}

export class AgentProcess extends ManagedProcess {
  constructor({ node, config, dataDir, env }: AgentOptions) {
    const launch = () =>
      spawn(node, [AGENT_MAIN, '--config', config, ...CONTROL], {
        env: { ...env, KANADE_AGENT_DATA_DIR: dataDir },
        stdio: [CONTROL.length > 0 ? 'pipe' : 'ignore', 'pipe', 'pipe'],
        detached: true,
        windowsHide: true,
      });
    super(launch, { stopMs: STOP_MS, askToEnd });
  }
}

/**
 * Without what concerns another agent on this machine.
 * @param keep names that stay nevertheless
 */
export function withoutKanade(env: NodeJS.ProcessEnv, keep: readonly string[] = []) {
  const foreign = (name: string) => name.startsWith('KANADE_') && !keep.includes(name);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign(name) && name !== 'RUST_LOG'));
}

/** The settings file of an agent that `npm start` runs. */
export function agentToml({
  id,
  natsUrl,
  logFile,
  signIn,
  firstEnrolment,
  grace,
}: {
  id: string;
  natsUrl: string;
  logFile: string;
  signIn?: SignIn;
  firstEnrolment?: 'skip';
  grace?: string;
}) {
  const text = (value: string) => JSON.stringify(value);
  const lines = ['[agent]', `id = ${text(id)}`, `nats_url = ${text(natsUrl)}`];
  lines.push('', '[log]', `path = ${text(logFile)}`, 'level = "info"', 'keep_days = 7');
  if (firstEnrolment) lines.push('', '[replay]', `first_enrolment = ${text(firstEnrolment)}`);
  if (grace) lines.push('', '[run]', `grace = ${text(grace)}`);
  if (signIn && signIn.kind !== 'none') lines.push('', '[auth]');
  if (signIn?.kind === 'token') lines.push(`token_file = ${text(signIn.file)}`);
  if (signIn?.kind === 'user') lines.push(`user = ${text(signIn.user)}`, `password_file = ${text(signIn.file)}`);
  if (signIn?.kind === 'creds') lines.push(`creds_file = ${text(signIn.file)}`);
  return `${lines.join('\n')}\n`;
}
