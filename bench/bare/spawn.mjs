/**
 * The bare spawn rate: the script of a burst so many times, at most so many at once, with pipes, exits awaited. Prints
 * `{ "perSecond": …, "cpuMsEach": … }`.
 */
import { spawn } from 'node:child_process';

const [, , count, parallel, script] = process.argv;
let started = 0;
let ended = 0;
const cpu = process.cpuUsage();
const beginMs = performance.now();
for (let i = 0; i < Number(parallel); i += 1) next();

function next() {
  if (started === Number(count)) return;
  started += 1;
  const child = spawn('powershell', ['-NoProfile', '-NonInteractive', '-Command', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.resume();
  child.stderr.resume();
  child.on('close', () => {
    ended += 1;
    if (ended === Number(count)) report();
    else next();
  });
}

function report() {
  const seconds = (performance.now() - beginMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(JSON.stringify({ perSecond: ended / seconds, cpuMsEach: (user + system) / 1000 / ended }));
}
