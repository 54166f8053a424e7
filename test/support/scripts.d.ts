/**
 * Types of the plain JavaScript modules under `scripts/` that tests use; the modules document themselves, and `tsc -p scripts`
 * checks them by their own JSDoc.
 */

declare module '*/scripts/lib/broker.mjs' {
  export class Broker {
    constructor(options: { binary: string; directory: string; port?: number; config?: string; ownGroup?: boolean });
    readonly url: string;
    readonly port: number;
    readonly pid: number | undefined;
    readonly running: boolean;
    readonly storeDir: string;
    readonly endpoints: Readonly<Record<string, string[]>>;
    readonly log: string;
    readonly died: Promise<void>;
    start(): Promise<void>;
    stop(): Promise<void>;
    kill(): Promise<void>;
    restart(options?: { empty?: boolean }): Promise<void>;
    pause(): Promise<void>;
    resume(): void;
    dispose(): Promise<void>;
  }
}

declare module '*/scripts/lib/agent-process.mjs' {
  export class AgentProcess {
    constructor(options: { node: string; config: string; dataDir: string; env: NodeJS.ProcessEnv });
    readonly log: string;
    readonly died: Promise<void>;
    start(): void;
    stop(): Promise<void>;
    kill(): Promise<void>;
  }
  export function withoutKanade(env: NodeJS.ProcessEnv, keep?: readonly string[]): NodeJS.ProcessEnv;
  export function agentToml(settings: {
    id: string;
    natsUrl: string;
    logFile: string;
    firstEnrolment?: 'skip';
    grace?: string;
  }): string;
}

declare module '*/scripts/lib/interop-tools.mjs' {
  export function findInteropTools(env?: NodeJS.ProcessEnv): string | undefined;
}

declare module '*/scripts/lib/fleet.mjs' {
  import type { NatsConnection } from '@nats-io/transport-node';

  export interface StreamConfig {
    readonly name: string;
    readonly subjects: readonly string[];
  }
  export type CommandBody = { request_id: string } & Record<string, unknown>;
  /** A stored result (protocol §3.2, §12.2). */
  export interface ExecResult {
    result_id: string;
    request_id: string;
    exec_id?: string;
    pc_id: string;
    exit_code: number;
    stdout: string;
    stderr: string;
    started_at: string;
    finished_at: string;
    manifest_id?: string;
    skipped?: boolean;
  }
  export interface StoredMessage {
    subject: string;
    seq: number;
    /** When it was stored, ISO 8601. */
    time: string;
    /** Base64; absent when empty. */
    data?: string;
    /** Base64. */
    hdrs?: string;
  }

  export const STREAMS: readonly StreamConfig[];
  export function provision(nc: NatsConnection, only?: readonly string[]): Promise<void>;
  export function command(fields?: Record<string, unknown>): CommandBody;
  export function publishCommand(nc: NatsConnection, subject: string, body: CommandBody): Promise<string>;
  export function killExec(nc: NatsConnection, execId: string): Promise<void>;
  export function putKey(nc: NatsConnection, bucketName: string, key: string, value: string | object): Promise<void>;
  export function lastStored(
    nc: NatsConnection,
    streamName: string,
    subject: string,
    timeoutMs?: number,
  ): Promise<StoredMessage | undefined>;
  export function waitForResult(
    nc: NatsConnection,
    requestId: string,
    options?: { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<ExecResult>;
  export function countStored(nc: NatsConnection, streamName: string, subject: string): Promise<number>;
  export function api(nc: NatsConnection, name: string, body?: object): Promise<Record<string, unknown>>;
}

declare module '*/scripts/lib/nats-server.mjs' {
  export function findNatsServer(env?: NodeJS.ProcessEnv): Promise<string | undefined>;
  export function ensureNatsServer(env?: NodeJS.ProcessEnv): Promise<string>;
}

declare module '*/scripts/lib/building.mjs' {
  export function inputsHash(root: string): string;
}

declare module '*/scripts/lib/lock.mjs' {
  export function withLock<T>(name: string, work: () => Promise<T>, options?: { directory?: string }): Promise<T>;
}

declare module '*/scripts/lib/node24.mjs' {
  export function findNode24(options?: { root?: string; platform?: string; arch?: string; running?: string }): string;
}

declare module '*/scripts/lib/packages.mjs' {
  export function packagesAreCurrent(root: string): boolean;
  export function satisfies(installed: object, wanted: object): boolean;
}

declare module '*/scripts/lib/vitest-run.mjs' {
  export interface Counts {
    passed: number;
    failed: number;
    skipped: number;
  }
  export function countsOf(report: object | undefined, code: number): Counts;
  export function failures(report: object | undefined, code: number): string[];
  export function summary(counts: Counts, lines?: readonly string[]): string;
}

declare module '*/scripts/lib/start-options.mjs' {
  export function parseStartOptions(args: readonly string[], computer?: string): object;
  export function usableName(name: string): string;
}

declare module '*/scripts/lib/paths.mjs' {
  export const ROOT: string;
  export function cacheDir(env?: NodeJS.ProcessEnv): string;
}

declare module '*/scripts/lib/vite-licences.mjs' {
  export interface Licence {
    readonly name: string;
    readonly version: string;
    readonly licence: string;
    readonly text: string;
  }
  export function licences(): import('vite').Plugin;
  export function shippedLicences(root: string): Licence[];
}

declare module '*/scripts/lib/window-page.mjs' {
  export interface WindowPage {
    readonly address: string;
    stop(): Promise<void>;
  }
  export function serveWindowPage(options: {
    node: string;
    dataDir: string;
    env: NodeJS.ProcessEnv;
    onAddress: (address: string) => void;
  }): Promise<WindowPage>;
  export function browserCommand(env: NodeJS.ProcessEnv, platform?: NodeJS.Platform): string[] | null;
}

declare module '*/scripts/lib/local-fleet.mjs' {
  export interface LocalFleet {
    readonly directory: string;
    readonly pcId: string;
    readonly nc: import('@nats-io/transport-node').NatsConnection;
    stop(): Promise<void>;
  }
  export function startLocalFleet(
    tools: { node: string; natsServer: string },
    pcId: string,
    signal: AbortSignal,
  ): Promise<LocalFleet>;
}

declare module '*/scripts/lib/demo-day.mjs' {
  export function demoDay(
    fleet: { readonly directory: string; readonly pcId: string },
    signal: AbortSignal,
  ): Promise<boolean>;
}

declare module '*/scripts/lib/browser.mjs' {
  /** The path of a browser of the Chromium family; undefined: there is none yet. */
  export function findBrowser(): Promise<string | undefined>;
}

declare module '*/scripts/icons.mjs' {
  /** Writes every picture below `target`. */
  export function drawAll(target: string): void;
  /** The text of `src/shared/marks.ts`. */
  export function marksModule(): string;
}

declare module '*/scripts/lib/electron.mjs' {
  export type FoundElectron =
    | { readonly kind: 'own' | 'test_runtime'; readonly executable: string; readonly version: string }
    | { readonly kind: 'none'; readonly why: string };
  export function findTestElectron(): FoundElectron;
}

declare module '*/scripts/lib/paths.mjs' {
  /** The program of this name on the PATH. */
  export function onPath(name: string): string | undefined;
}

declare module '*/scripts/lib/fuses.mjs' {
  export const FUSES: import('@electron/fuses').FuseConfig;
}

declare module '*/scripts/lib/wine.mjs' {
  export const TEMPLATE_PREFIX: string;
  export const WINE_ENVIRONMENT: string;
}

declare module '*/scripts/lib/chroot.mjs' {
  export function insideScript(root: string, script: string, mounts?: Readonly<Record<string, string>>): string;
}

declare module '*/scripts/lib/packaging/native.mjs' {
  export function compileNative(directory: string, version: string, env?: NodeJS.ProcessEnv): Promise<void>;
}

declare module '*/scripts/lib/packaging/signing.mjs' {
  export type Sign = (file: string) => Promise<void>;
  export function signerOf(env: NodeJS.ProcessEnv): Sign | null;
  export function signTree(directory: string, sign: Sign): Promise<void>;
  export function signProgram(file: string, sign: Sign): Promise<void>;
  export function programsBelow(directory: string): string[];
  export function programAt(file: string): { readonly isSigned: boolean } | null;
}

declare module '*/scripts/lib/packaging/installer.mjs' {
  export function compileInstaller(options: {
    readonly tree: string;
    readonly version: string;
    readonly file: string;
    readonly fast: boolean;
    readonly sign: ((file: string) => Promise<void>) | null;
    readonly atSecs: number;
    readonly env: NodeJS.ProcessEnv;
  }): Promise<void>;
}

declare module '*/scripts/lib/packaging/packages.mjs' {
  export function foreignPackage(name: string, env?: NodeJS.ProcessEnv): Promise<string>;
}

declare module '*/scripts/lib/packaging/electron-for.mjs' {
  export function standInElectron(
    platform: 'win32' | 'linux',
    env?: NodeJS.ProcessEnv,
  ): Promise<{ readonly directory: string; readonly version: string }>;
  export function ownElectronVersion(root?: string): string;
}

declare module '*/scripts/lib/packaging/electron-age.mjs' {
  export const NAMED: { readonly version: string; readonly released: string };
  export function electronAge(
    named: { readonly version: string; readonly released: string },
    published: Readonly<Record<string, string>> | null,
    now: Date,
  ): string[];
  export function publishedVersions(env: NodeJS.ProcessEnv): Promise<Readonly<Record<string, string>> | null>;
}

declare module '*/scripts/lib/outcomes.mjs' {
  export function inWords(result: { exit_code: number; stdout: string; stderr: string }): string;
}

declare module '*/scripts/lib/say.mjs' {
  export class Fault extends Error {}
  export function say(line: string): void;
  export function main(work: () => Promise<number | undefined>): Promise<void>;
}
