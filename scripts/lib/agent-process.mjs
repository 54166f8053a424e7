/** The built agent as a child process. */
import { spawn } from 'node:child_process';
import { AGENT_MAIN } from './building.mjs';
import { ChildProgram } from './child-program.mjs';

/** Beyond the agent's own deadlines for a stop. */
const STOP_MS = 45_000;

/**
 * @typedef {object} AgentOptions
 * @property {string} node Node 24
 * @property {string} config its agent.toml
 * @property {string} dataDir
 * @property {NodeJS.ProcessEnv} env to start from; settings of another agent are taken out
 */

export class AgentProcess extends ChildProgram {
  /** @param {AgentOptions} options */
  constructor({ node, config, dataDir, env }) {
    const launch = () =>
      spawn(node, [AGENT_MAIN, '--config', config], {
        env: { ...env, KANADE_AGENT_DATA_DIR: dataDir },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        windowsHide: true,
      });
    super(launch, STOP_MS);
  }

  /** Ends it as a crash would. */
  async kill() {
    await this.end('SIGKILL');
  }
}

/**
 * Without what concerns another agent on this machine.
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly string[]} keep names that stay nevertheless
 */
export function withoutKanade(env, keep = []) {
  const foreign = (/** @type {string} */ name) => name.startsWith('KANADE_') && !keep.includes(name);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign(name) && name !== 'RUST_LOG'));
}

/**
 * The settings file of an agent that `npm start` runs.
 * @param {{ id: string, natsUrl: string, logFile: string, signIn?: import('./start-options.mjs').SignIn, firstEnrolment?: 'skip', grace?: string }} settings
 */
export function agentToml({ id, natsUrl, logFile, signIn, firstEnrolment, grace }) {
  const text = (/** @type {string} */ value) => JSON.stringify(value);
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
