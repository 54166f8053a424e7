/**
 * Who may import whom: the rules of the layout, checked by `layers.test.ts` and printed into CONTRIBUTING.md.
 * A folder or a package that is not in these tables is a violation, so the tables are always complete.
 */

export interface Layer {
  /** A folder, or a part of a path that files share; the longest match is a file's layer. */
  readonly path: string;
  readonly holds: string;
  /** Layers it may import, each by its own path. Its own files are always allowed. */
  readonly may: readonly string[];
}

export const LAYERS: readonly Layer[] = [
  { path: 'src/shared', holds: 'the contract between agent and window, states, texts', may: [] },
  { path: 'src/base', holds: 'life cycle, clock, sleep, backoff, watched values, logger', may: [] },
  { path: 'src/platform', holds: 'what the operating system gives', may: ['src/base'] },
  { path: 'src/agent/wire', holds: 'subjects, schemas and time formats of the fleet', may: [] },
  { path: 'src/agent/bus', holds: 'the Bus and its NATS implementation', may: ['src/base'] },
  {
    path: 'src/agent/store',
    holds: 'the SQLite store: inbox, ledger, outbox, history',
    may: ['src/base'],
  },
  {
    path: 'src/agent/results',
    holds: 'how a command ended, as a row and as a message; results of the original agent',
    may: ['src/agent/store', 'src/agent/wire', 'src/base'],
  },
  {
    path: 'src/agent/signing',
    holds: 'who may send commands: keys, signatures, envelopes',
    may: ['src/agent/wire', 'src/base'],
  },
  {
    path: 'src/agent/config',
    holds: 'settings and where each comes from',
    may: ['src/agent/bus', 'src/agent/wire', 'src/agent/store', 'src/agent/signing', 'src/base', 'src/platform'],
  },
  {
    path: 'src/agent/intake',
    holds: 'commands from the bus into the inbox',
    may: ['src/agent/bus', 'src/agent/wire', 'src/agent/store', 'src/agent/results', 'src/agent/signing', 'src/base'],
  },
  {
    path: 'src/agent/gates',
    holds: 'whether a command may run now',
    may: ['src/agent/bus', 'src/agent/wire', 'src/agent/store', 'src/base'],
  },
  {
    path: 'src/agent/run',
    holds: 'dispatcher, shells, processes, output',
    may: [
      'src/agent/gates',
      'src/agent/store',
      'src/agent/results',
      'src/agent/bus',
      'src/agent/wire',
      'src/base',
      'src/platform',
    ],
  },
  {
    path: 'src/agent/ship',
    holds: 'the outbox onto the bus',
    may: ['src/agent/store', 'src/agent/bus', 'src/agent/wire', 'src/base'],
  },
  {
    path: 'src/agent/update',
    holds: 'what is signed about a release, whether it is one for this PC, and its package onto the disk',
    may: ['src/base'],
  },
  {
    path: 'src/agent/duties',
    holds: 'heartbeat, ping, logs, inventory, updates',
    may: [
      'src/agent/bus',
      'src/agent/wire',
      'src/agent/store',
      'src/agent/signing',
      'src/agent/update',
      'src/base',
      'src/platform',
    ],
  },
  {
    path: 'src/agent/schedules',
    holds: 'local schedules: the cron dialect, what is due, the loop that fires it',
    may: ['src/agent/bus', 'src/agent/wire', 'src/agent/store', 'src/agent/results', 'src/base'],
  },
  {
    path: 'src/agent/status',
    holds: 'what is shown, and the local socket',
    may: ['src/agent/wire', 'src/agent/store', 'src/agent/ship', 'src/agent/schedules', 'src/base', 'src/platform'],
  },
  {
    path: 'src/agent/boot',
    holds: 'from the command line to an agent that runs: settings, store, the lock of the one instance',
    may: [
      'src/base',
      'src/platform',
      'src/agent/store',
      'src/agent/signing',
      'src/agent/config',
      'src/agent/update',
      'src/agent/duties',
      'src/agent/status',
      'src/agent/runtime',
    ],
  },
  {
    path: 'src/agent/runtime',
    holds: 'the composition root, and the order in which it stops',
    may: [
      'src/base',
      'src/platform',
      'src/agent/wire',
      'src/agent/bus',
      'src/agent/store',
      'src/agent/config',
      'src/agent/intake',
      'src/agent/gates',
      'src/agent/run',
      'src/agent/ship',
      'src/agent/update',
      'src/agent/duties',
      'src/agent/schedules',
      'src/agent/results',
      'src/agent/signing',
      'src/agent/status',
    ],
  },
  { path: 'src/agent', holds: 'the entry point', may: ['src/agent/boot', 'src/platform'] },
  {
    path: 'src/client',
    holds: 'what every client of the local socket needs on the Node side',
    may: ['src/base', 'src/platform'],
  },
  {
    path: 'src/setup',
    holds: 'what the Windows installer does to a PC, and undoes',
    may: [
      'src/client',
      'src/base',
      'src/platform',
      'src/agent/signing',
      'src/agent/config',
      'src/agent/store',
      'src/agent/results',
    ],
  },
  {
    path: 'src/main',
    holds: 'the app shell: icon, window and notifications, in Electron',
    may: ['src/client', 'src/base'],
  },
  { path: 'src/preload', holds: 'the one link that the window gets', may: [] },
  { path: 'src/renderer', holds: 'the window', may: [] },
  { path: 'src/web', holds: 'the window for machines without Electron', may: ['src/client', 'src/base'] },
];

/** What every layer may import. */
export const FOR_ALL = 'src/shared';

/** Files outside of `src` that may be imported: the version is written in one place. */
export const OUTSIDE: readonly string[] = ['package.json'];

export interface PackageRule {
  /** Package names; `*` at the end stands for anything. The first rule that names a package decides. */
  readonly packages: readonly string[];
  /** Paths (folders, files, or the beginning of a file name) that may import them. */
  readonly only: readonly string[];
}

const IN_NODE = ['src/base', 'src/platform', 'src/agent', 'src/main', 'src/setup'];

export const PACKAGES: readonly PackageRule[] = [
  { packages: ['electron'], only: ['src/main', 'src/preload'] },
  { packages: ['@nats-io/*'], only: ['src/agent/bus'] },
  { packages: ['better-sqlite3'], only: ['src/agent/store'] },
  { packages: ['koffi'], only: ['src/platform'] },
  {
    packages: ['node:child_process'],
    only: ['src/agent/run', 'src/platform', 'src/client/own-account', 'src/main/launch-node'],
  },
  { packages: ['tar'], only: ['src/agent/update'] },
  { packages: ['croner'], only: ['src/agent/schedules'] },
  { packages: ['smol-toml'], only: ['src/agent/config', 'src/setup'] },
  { packages: ['zod'], only: ['src/shared', 'src/platform', 'src/agent/update', 'src/main'] },
  { packages: ['react*', '@fluentui/*', '@tanstack/*', 'virtual:licences'], only: ['src/renderer'] },
  { packages: ['ws'], only: ['src/agent/bus', 'src/web'] },
  // The rule for the directories is shared by agent and clients; `node:path` reads nothing.
  { packages: ['node:crypto'], only: [...IN_NODE, 'src/web', 'src/shared/link-crypto'] },
  { packages: ['node:path'], only: [...IN_NODE, 'src/client', 'src/shared/directories', 'src/shared/make-directory'] },
  // So is the one way to make a directory: Node's own may never return.
  { packages: ['node:fs'], only: [...IN_NODE, 'src/client', 'src/shared/make-directory'] },
  { packages: ['node:*'], only: [...IN_NODE, 'src/client', 'src/web'] },
];
