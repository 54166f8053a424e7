/** Runs one program under wine, in a Windows Node: `run.mjs ASK ANSWER OUTPUT`. A Unix exit code has no room for 1603. */
import { spawn } from 'node:child_process';
import { openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';

const [ask, answer, output] = process.argv.slice(2);
const { program, args, env, hasConsole } = JSON.parse(readFileSync(ask, 'utf8'));
const written = openSync(output, 'w');
// Detached, out of libuv's job: what a program leaves running must outlive this one.
const child = spawn(program, [args], {
  argv0: `"${program}"`,
  windowsVerbatimArguments: true,
  detached: !hasConsole,
  windowsHide: hasConsole,
  stdio: hasConsole ? ['ignore', 'pipe', 'pipe'] : ['ignore', written, written],
  env: { ...process.env, ...env },
});
const settle = (result) => {
  writeFileSync(`${answer}.new`, JSON.stringify(result));
  renameSync(`${answer}.new`, answer);
};
child.on('error', (error) => settle({ code: null, error: error.message }));
// PowerShell says nothing under wine where its output is a file.
for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => writeSync(written, bytes));
child.on(hasConsole ? 'close' : 'exit', (code) => settle({ code, error: null }));
