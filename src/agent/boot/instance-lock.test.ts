import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { withoutKanade } from '../../../scripts/lib/agent-process.ts';
import { connectAgent } from '../../../test/support/agent-client.ts';
import { TestMachine, toml } from '../../../test/support/config-machine.ts';
import { eventually } from '../../../test/support/eventually.ts';
import {
  command,
  countStored,
  provisionedOperator,
  publishCommand,
  waitForResult,
} from '../../../test/support/fleet.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { OTHER_UID, otherUserProblem } from '../../../test/support/other-user.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { silentLogger } from '../../base/logger.ts';
import type { AgentStatus } from '../../shared/agent-status.ts';
import type { AgentClient } from '../../shared/client.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { acquireInstanceLock } from './instance-lock.ts';

const POLL_MS = 50;
const problem = await otherUserProblem();
const FIRST_UID = 65_534;

interface Pc {
  readonly pcId: string;
  readonly natsUrl: string;
}

/** An agent in tray mode, as the process of a user of the PC. */
class UsersAgent {
  readonly #uid: number;
  readonly #home = tempDir();
  readonly #data = join(this.#home, 'state', 'kanade-tray');
  #child: ChildProcess | undefined;
  #said = '';

  constructor(uid: number) {
    this.#uid = uid;
    onTestFinished(async () => {
      await this.end('SIGKILL');
    });
  }

  start(pc: Pc): void {
    const child = this.#spawn(pc);
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#said += String(chunk);
      });
    }
  }

  /** Starts another process of the user on the same directories; resolves to its exit code. */
  async startTwice(pc: Pc): Promise<number | null> {
    const child = this.#spawn(pc);
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'exit');
    return child.exitCode;
  }

  #spawn({ pcId, natsUrl }: Pc): ChildProcess {
    const config = join(this.#home, 'agent.toml');
    const logPath = join(this.#home, 'agent.log');
    writeFileSync(
      config,
      `[agent]\nid = "${pcId}"\nnats_url = "${natsUrl}"\n[log]\npath = "${logPath}"\nlevel = "info"\nkeep_days = 0\n`,
    );
    const runtime = join(this.#home, 'run');
    mkdirSync(runtime, { recursive: true });
    for (const path of [this.#home, runtime]) chownSync(path, this.#uid, this.#uid);
    const cli = new URL('cli.ts', import.meta.url).href;
    const source = `
      const { run } = await import(${JSON.stringify(cli)});
      process.exitCode = await run(['--tray', '--config', ${JSON.stringify(config)}], ${POLL_MS});`;
    return spawn(process.execPath, ['--input-type=module', '--no-warnings', '-e', source], {
      uid: this.#uid,
      gid: this.#uid,
      cwd: '/',
      env: {
        ...withoutKanade(process.env),
        HOME: this.#home,
        TMPDIR: this.#home,
        XDG_STATE_HOME: join(this.#home, 'state'),
        XDG_CONFIG_HOME: join(this.#home, 'config'),
        XDG_RUNTIME_DIR: runtime,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** What it says of itself over its socket; waits until that is `state`. */
  async shows(state: AgentStatus['agent']['state']): Promise<AgentStatus> {
    try {
      return await eventually(async () => {
        const status = await this.#status();
        expect(status.agent.state).toBe(state);
        return status;
      });
    } catch (cause) {
      throw new Error(`it did not show ${state}. It said:\n${this.#said}`, { cause });
    }
  }

  async #status(): Promise<AgentStatus> {
    const agent = await this.#window();
    try {
      return await agent.call('state.snapshot', {});
    } finally {
      agent.close();
    }
  }

  /** Outcomes of the runs that its user may see in the window. */
  async runs(): Promise<(string | null)[]> {
    const agent = await this.#window();
    try {
      return (await agent.call('runs.list', {})).rows.map(({ reason }) => reason);
    } finally {
      agent.close();
    }
  }

  #window(): Promise<AgentClient> {
    return connectAgent({ dataDirectory: this.#data, account: String(this.#uid), client: 'window' });
  }

  /** Resolves to its exit code, null if it was killed. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return null;
    const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
    child.kill(signal);
    await exited;
    return child.exitCode;
  }
}

/** A broker, and a file that every user may write into. */
async function fleetOfOne(): Promise<Pc & { nc: NatsConnection; runs: string }> {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const runs = join(tempDir(), 'runs');
  chmodSync(join(runs, '..'), 0o777);
  writeFileSync(runs, '');
  chmodSync(runs, 0o666);
  return { pcId: `PC-${randomBytes(4).toString('hex')}`, natsUrl: server.url, nc, runs };
}

describe.skipIf(problem !== null)(`two users of a PC${problem === null ? '' : ` (${problem})`}`, () => {
  test('a command runs once; when the agent that works is killed the other one takes over', async () => {
    const { nc, runs, ...pc } = await fleetOfOne();
    const send = () => publishCommand(nc, `commands.pc.${pc.pcId}`, command({ script: `id -u >> ${runs}` }));
    const ran = () => readFileSync(runs, 'utf8').trim().split('\n');
    const [first, second] = [new UsersAgent(FIRST_UID), new UsersAgent(OTHER_UID)];
    first.start(pc);
    await first.shows('running');
    second.start(pc);
    expect(await second.shows('elsewhere')).toMatchObject({ identity: { pcId: pc.pcId, hosting: 'tray' } });

    const one = await send();
    await waitForResult(nc, one);
    expect([ran(), await countStored(nc, 'RESULTS', 'results.>')]).toEqual([[String(FIRST_UID)], 1]);

    await first.end('SIGKILL');
    await second.shows('running');
    const two = await send();
    await waitForResult(nc, two);
    expect([ran(), await countStored(nc, 'RESULTS', 'results.>')]).toEqual([[FIRST_UID, OTHER_UID].map(String), 2]);
  });

  test('a task for the user is shown to the user that the agent runs as', async () => {
    const { nc, runs: _, ...pc } = await fleetOfOne();
    const agent = new UsersAgent(OTHER_UID);
    agent.start(pc);
    await agent.shows('running');
    const task = await publishCommand(nc, `commands.pc.${pc.pcId}`, command({ run_as: 'user' }));
    await waitForResult(nc, task);
    expect(await agent.runs()).toEqual(['DONE']);
  });

  test('a second process of the one that waits ends at once, and the first is still reached', async () => {
    const { nc: _, runs: __, ...pc } = await fleetOfOne();
    const [first, second] = [new UsersAgent(FIRST_UID), new UsersAgent(OTHER_UID)];
    first.start(pc);
    await first.shows('running');
    second.start(pc);
    await second.shows('elsewhere');
    expect(await second.startTwice(pc)).toBe(EXIT.inUse);
    await second.shows('elsewhere');
  });

  test('one that waits ends when it is told to, and leaves the other one alone', async () => {
    const { nc: _, runs: __, ...pc } = await fleetOfOne();
    const [first, second] = [new UsersAgent(FIRST_UID), new UsersAgent(OTHER_UID)];
    first.start(pc);
    await first.shows('running');
    second.start(pc);
    await second.shows('elsewhere');
    expect(await second.end('SIGTERM')).toBe(0);
    await first.shows('running');
  });
});

test('while the original agent works on this data the state says so, and our turn comes after it', async () => {
  const here = new TestMachine();
  onTestFinished(() => here.remove());
  here.file('machine/agent.toml', toml());
  const machine = here.machine('headless');
  const directories = { ...machine.directories, data: here.root, agentDir: join(here.root, 'kanade-tray') };
  const loaded = here.load({ machine: { ...machine, directories } });
  if (!loaded.ok) throw new Error(loaded.message);
  let runs = true;
  const acquired = acquireInstanceLock({
    config: loaded.config,
    hostSecret: null,
    version: '0.0.0',
    log: silentLogger,
    originalRuns: () => runs,
    pollEveryMs: POLL_MS,
  });
  await eventually(async () => {
    const agent = await connectAgent({ dataDirectory: here.root });
    const { agent: shown } = await agent.call('state.snapshot', {});
    agent.close();
    expect(shown.state).toBe('original_running');
  });
  runs = false;
  expect(await acquired).not.toBeNull();
  await expect(connectAgent({ dataDirectory: here.root })).rejects.toThrow('ENOENT');
});
