/**
 * The bare limit: what an agent in Node cannot be faster than. It subscribes, starts the script with `child_process.spawn`,
 * and publishes the result. It stores nothing, checks nothing and survives nothing.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { connect } from '@nats-io/transport-node';

const [, , url, pcId, parallel] = process.argv;
const nc = await connect({ servers: url });
const seen = new Set();
const queue = [];
let running = 0;

nc.subscribe(`commands.pc.${pcId}`, {
  callback: (_error, message) => {
    const command = message.json();
    if (seen.has(command.request_id)) return;
    seen.add(command.request_id);
    queue.push(command);
    next();
  },
});
await nc.flush();
nc.publish(`heartbeat.${pcId}`, '{}');

function next() {
  while (running < Number(parallel)) {
    const command = queue.shift();
    if (!command) return;
    running += 1;
    run(command);
  }
}

function run(command) {
  const startedAt = new Date().toISOString();
  const child = spawn('powershell', ['-NoProfile', '-NonInteractive', '-Command', command.script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.on('close', (code) => {
    running -= 1;
    nc.publish(
      `results.${command.request_id}`,
      JSON.stringify({
        result_id: randomUUID(),
        request_id: command.request_id,
        pc_id: pcId,
        exit_code: code,
        stdout,
        stderr,
        started_at: startedAt,
        finished_at: new Date().toISOString(),
        manifest_id: command.id,
      }),
    );
    next();
  });
}
