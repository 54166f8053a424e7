/**
 * Headless entry point: `agent [--config FILE] [--service] [--check-config] [--version]`.
 *
 * Nothing is imported before the Node version is known: on an older one the SQLite module ends the process without a word.
 */
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { COMPILED_DIRECTORY, keepCompiled } from '../platform/compile-cache.ts';

const REQUIRED_NODE = 24;
/** What a start needs of Node before it is on the air. */
const NODE_MODULES = [
  'node:child_process',
  'node:crypto',
  'node:dns',
  'node:fs/promises',
  'node:net',
  'node:perf_hooks',
  'node:readline',
  'node:stream/consumers',
  'node:timers/promises',
  'node:tls',
  'node:vm',
  'node:worker_threads',
];

const major = Number.parseInt(process.versions.node, 10);
if (major < REQUIRED_NODE) {
  process.stderr.write(`this needs Node ${REQUIRED_NODE} or newer, and this is ${process.versions.node}\n`);
  process.exit(1);
}
// Before the first flag: V8 takes none of what Node brings compiled once a flag is set, and each of these is compiled again then.
for (const name of NODE_MODULES) process.getBuiltinModule(name);
// The getter loads it.
void globalThis.crypto;
// The young generation stays at 1 MB instead of growing to 32: what the agent makes lives for a command or for ever.
setFlagsFromString('--semi-space-growth-factor=1');
keepCompiled(join(import.meta.dirname, COMPILED_DIRECTORY));
void begin();

async function begin(): Promise<void> {
  const { run } = await import('./boot/cli.ts');
  const { endProcess } = await import('../platform/end-process.ts');
  // Whatever is left, a connect under way or an access to a dead share, is nothing that an agent which has stopped waits for.
  await endProcess(await run(process.argv.slice(2)));
}
