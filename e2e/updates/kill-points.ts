/**
 * Loaded before the agent by the tests of updates: ends the process at the point that a file names, once. The agent itself knows
 * nothing of it. A point is before or after a call of Node's on a path.
 */
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const wishFile = process.env.KTEST_KILL_FILE ?? '';
const { readFileSync, rmSync } = fs;

function wish(): string {
  try {
    return readFileSync(wishFile, 'utf8');
  } catch {
    return '';
  }
}

/** Of the version that this process is. */
const version = /\/versions\/([^/]+)\//.exec(process.argv[1] ?? '')?.[1];

function reached(point: string): void {
  if (wish() !== `${version} ${point}`) return;
  rmSync(wishFile);
  process.kill(process.pid, 'SIGKILL');
  // A signal may take a moment.
  for (;;);
}

type Call = (...args: unknown[]) => unknown;
type Point = readonly [isIt: (first: string, second: string) => boolean, name: string];

const POINTS: Readonly<Record<string, readonly Point[]>> = {
  renameSync: [
    [(_from, to) => /staging.[0-9a-f]+\.json$/.test(to), 'place noted'],
    [(from) => from.endsWith('.staged-update'), 'version placed'],
    [(_from, to) => /private.current\.json$/.test(to), 'current written'],
  ],
  mkdirSync: [[(path) => path.endsWith('.staged-update'), 'staged made']],
  openSync: [[(path, flags) => flags === 'wx' && /staged-update.agent.main\.js$/.test(path), 'file made']],
  rmSync: [[(path) => /private.starts$/.test(path), 'starts forgotten']],
};

const calls = fs as unknown as Record<string, Call>;
for (const [name, points] of Object.entries(POINTS)) {
  const original = calls[name] ?? (() => {});
  calls[name] = (...args) => {
    const point = points.find(([isIt]) => isIt(String(args[0]), String(args[1])))?.[1];
    if (point !== undefined) reached(`before ${point}`);
    const result = original(...args);
    if (point !== undefined) reached(`after ${point}`);
    return result;
  };
}

const { open } = fs.promises;
let pieces = 0;
fs.promises.open = async (path, ...args) => {
  const file = await open(path, ...args);
  if (/staged-update/.test(String(path))) reached('onto the disk');
  if (!String(path).endsWith('.part')) return file;
  reached('package begun');
  const write = file.write.bind(file) as Call;
  const counted: Call = async (...what) => {
    const written = await write(...what);
    pieces += 1;
    if (pieces === 2) reached('second piece');
    return written;
  };
  Object.assign(file, { write: counted });
  return file;
};

const execFile = childProcess.execFile as unknown as Call;
const watched: Call = (file, args, options, done) => {
  if (!Array.isArray(args) || !args.includes('--self-test')) return execFile(file, args, options, done);
  reached('before self-test');
  return execFile(file, args, options, (...how: unknown[]) => {
    reached('after self-test');
    (done as Call)(...how);
  });
};
Object.assign(childProcess, { execFile: watched });
syncBuiltinESMExports();

if (!process.argv.includes('--self-test')) reached('start');
