/**
 * An installation that updates itself, as the headless package makes it: versions of the built agent, the starter, and somebody who
 * starts it again whenever it ends, as a service manager does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { create } from 'tar';
import { expect, onTestFinished } from 'vitest';
import { findNode24 } from '../../scripts/bootstrap/node24.mjs';
import { withoutKanade } from '../../scripts/lib/agent-process.ts';
import { ManagedProcess } from '../../scripts/lib/managed-process.ts';
import { currentFileOf, layOutInstallation, makeVersion, starterOf } from '../../scripts/lib/own-installation.ts';
import type { Release } from '../../src/agent/update/manifest.ts';
import { releaseObjects } from '../../src/agent/update/release-names.ts';
import { type CurrentVersion, readCurrent } from '../../src/base/current-version.ts';
import type { AgentClient } from '../../src/shared/client.ts';
import { connectAgent } from '../../test/support/agent-client.ts';
import { settings } from '../../test/support/agent-run.ts';
import { eventually } from '../../test/support/eventually.ts';
import { putKey } from '../../test/support/fleet.ts';
import type { NatsServer } from '../../test/support/nats-server.ts';
import { TARGET, type TestTrust, testRelease, testTrust } from '../../test/support/releases.ts';
import { tempDir } from '../../test/support/temp.ts';
import { sealRelease } from '../../tools/release/documents.ts';

export const PC = 'PC-OURS';
export const MINE = `commands.pc.${PC}`;
const START_AGAIN_MS = 100;
const STOPS_WITHIN_MS = 45_000;
const SWITCHED_WITHIN_MS = 60_000;

/** What becomes of the files of a version before it is packed. */
export type Change = (directory: string) => void;

export interface InstallationOptions {
  readonly version?: string;
  /** More in `[update]`, and further tables of `agent.toml`. */
  readonly toml?: string;
  /** Where its data lie; a fresh directory by default. */
  readonly data?: string;
  /** More that it is started with. */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export class InstalledAgent {
  readonly root = tempDir();
  readonly data: string;
  readonly trust: TestTrust = testTrust({ expires: Date.parse('2099-01-01T00:00:00Z') });
  readonly killFile: string;
  readonly exits: (number | NodeJS.Signals)[] = [];
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #process = new ManagedProcess(() => this.#launch(), {
    stopMs: STOPS_WITHIN_MS,
    endsAt: 'exit',
    keptLogChars: 200_000,
  });
  #again: NodeJS.Timeout | undefined;
  #runs = false;
  #serial = 0;

  constructor(
    server: NatsServer,
    { version = '1.0.0', toml = '', data, args = [], env = {} }: InstallationOptions = {},
  ) {
    this.data = data ?? tempDir();
    this.#args = args;
    this.#env = env;
    layOutInstallation(this.root, version, findNode24());
    writeFileSync(join(this.data, 'keys.json'), this.trust.pin);
    writeFileSync(this.config, settings(server, `[update]\nkeys_file = "keys.json"\n${toml}`));
    this.killFile = join(this.data, 'kill');
    onTestFinished(() => this.end());
  }

  get currentFile(): string {
    return currentFileOf(this.root);
  }

  get config(): string {
    return join(this.data, 'agent.toml');
  }

  directoryOf(version: string): string {
    return join(this.root, 'versions', version);
  }

  get current(): CurrentVersion | null {
    return readCurrent(this.currentFile);
  }

  get versions(): string[] {
    return readdirSync(join(this.root, 'versions')).sort();
  }

  get pid(): number | undefined {
    return this.#process.child?.pid;
  }

  /** The end of what it wrote, in all of its starts. */
  get said(): string {
    return this.#process.log;
  }

  /** Starts it, and again whenever it ends by itself. */
  start(): void {
    this.#runs = true;
    this.#process.start();
    void this.#process.ended.then(({ code, signal }) => {
      this.exits.push(code ?? signal ?? 'SIGKILL');
      if (this.#runs) this.#again = setTimeout(() => this.start(), START_AGAIN_MS);
    });
  }

  #launch(): ChildProcess {
    const env = {
      ...withoutKanade(process.env),
      ...this.#env,
      KANADE_AGENT_DATA_DIR: this.data,
      KTEST_KILL_FILE: this.killFile,
      NODE_OPTIONS: `--import ${join(import.meta.dirname, 'kill-points.ts')}`,
    };
    return spawn(starterOf(this.root), ['--config', this.config, ...this.#args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** For good; what it was in the middle of is left. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#runs = false;
    clearTimeout(this.#again);
    await this.#process.end(signal);
  }

  async connect(): Promise<AgentClient> {
    const client = await eventually(() => connectAgent({ dataDirectory: this.data }));
    onTestFinished(() => client.close());
    return client;
  }

  /** Packs, signs and publishes a version, and wants it here. */
  async offer(nc: NatsConnection, version: string, changes: Partial<Release> = {}, change: Change = () => {}) {
    await this.release(nc, version, changes, change);
    await this.want(nc, version);
  }

  /** Packs, signs and publishes a version. */
  async release(nc: NatsConnection, version: string, changes: Partial<Release> = {}, change: Change = () => {}) {
    const tree = tempDir();
    makeVersion(tree, version, findNode24());
    change(tree);
    const file = join(tempDir(), 'package.tar.gz');
    await create({ file, cwd: tree, gzip: true, portable: true }, ['agent', 'node']);
    rmSync(tree, { recursive: true });
    await this.publish(nc, version, readFileSync(file), changes);
  }

  async publish(nc: NatsConnection, version: string, body: Buffer, changes: Partial<Release> = {}): Promise<void> {
    this.#serial += 1;
    const names = releaseObjects(version, TARGET);
    const bucket = await new Objm(nc).open('agent_releases');
    await bucket.putBlob({ name: names.package }, body);
    const release = testRelease(this.trust.keys, body, {
      version,
      serial: this.#serial,
      expires: Date.parse('2098-01-01T00:00:00Z'),
      unpacked_size: 20_000_000,
      ...changes,
    });
    await bucket.putBlob({ name: names.manifest }, sealRelease(release, [this.trust.online]));
  }

  want(nc: NatsConnection, version: string | null): Promise<void> {
    return putKey(nc, 'agent_config', 'global', { target_version: version });
  }

  /** Resolves once `version` counts for good. */
  settled(version: string): Promise<void> {
    return eventually(() => {
      const { current } = this;
      if (current?.version === version && current.trial === undefined && current.failed === undefined) return;
      throw new Error(`${JSON.stringify(current)} counts, not ${version}; it said:\n${this.said.slice(-6_000)}`);
    }, SWITCHED_WITHIN_MS);
  }

  get killIsLeft(): boolean {
    return existsSync(this.killFile);
  }
}

/** Starts it, and resolves with its first heartbeat to {@link heardVersions}. */
export async function startOnAir(agent: InstalledAgent, nc: NatsConnection): Promise<string[]> {
  const heard = heardVersions(nc);
  await nc.flush();
  agent.start();
  await eventually(() => expect(heard).toHaveLength(1));
  return heard;
}

/** The versions that are heard from now on, in order, each once. */
function heardVersions(nc: NatsConnection): string[] {
  const heard: string[] = [];
  nc.subscribe(`heartbeat.${PC}`, {
    callback: (_error, message) => {
      const { agent_version: version } = message.json<{ agent_version: string }>();
      if (heard.at(-1) !== version) heard.push(version);
    },
  });
  return heard;
}
