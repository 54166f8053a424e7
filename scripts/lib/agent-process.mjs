/**
 * The built agent as a child process. Invariant: it is in a process group of its own, so a Ctrl-C at the terminal reaches us
 * alone and we decide what ends first; and it never outlives an orderly end of ours.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { AGENT_MAIN } from './building.mjs';

/** Beyond the agent's own deadlines for a stop. */
const STOP_MS = 45_000;
const KEPT_LOG_CHARS = 16_000;

/**
 * @typedef {object} AgentOptions
 * @property {string} node Node 24
 * @property {string} config its agent.toml
 * @property {string} dataDir
 * @property {NodeJS.ProcessEnv} env to start from; settings of another agent are taken out
 */

export class AgentProcess {
  #options;
  /** @type {ReturnType<typeof spawn> | undefined} */
  #child;
  #log = '';
  #stopping = false;
  /** @type {() => void} */
  #onDeath = () => {};

  /**
   * Resolves when it ends without being asked to.
   * @type {Promise<void>}
   */
  died = new Promise((resolve) => {
    this.#onDeath = resolve;
  });

  /** @param {AgentOptions} options */
  constructor(options) {
    this.#options = options;
  }

  #onExit = () => void this.#child?.kill('SIGKILL');

  /** The end of what it wrote. */
  get log() {
    return this.#log;
  }

  /** Starts it, or starts it again. */
  start() {
    const { node, config, dataDir, env } = this.#options;
    this.#stopping = false;
    const child = spawn(node, [AGENT_MAIN, '--config', config], {
      env: { ...env, KANADE_AGENT_DATA_DIR: dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      windowsHide: true,
    });
    this.#child = child;
    process.on('exit', this.#onExit);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        this.#log = (this.#log + text).slice(-KEPT_LOG_CHARS);
      });
    }
    child.on('error', (error) => {
      this.#log += error.message;
    });
    child.on('close', () => {
      if (this.#child === child) this.#child = undefined;
      process.off('exit', this.#onExit);
      if (!this.#stopping) this.#onDeath();
    });
  }

  /** Ends it in an orderly way: running scripts are ended, their results are stored and sent. */
  async stop() {
    await this.#end('SIGTERM');
  }

  /** Ends it as a crash would. */
  async kill() {
    await this.#end('SIGKILL');
  }

  /** @param {NodeJS.Signals} signal */
  async #end(signal) {
    const child = this.#child;
    this.#stopping = true;
    if (!child) return;
    const closed = once(child, 'close');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await closed;
    clearTimeout(timer);
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
