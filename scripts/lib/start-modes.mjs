/** The two ways of `npm start`. Invariant: both end with everything they started, and with an exit code that tells the truth. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentProcess, agentToml, withoutKanade } from './agent-process.mjs';
import { demoDay } from './demo-day.mjs';
import { freshDirectory, startLocalFleet } from './local-fleet.mjs';
import { inWords } from './outcomes.mjs';
import { Fault, say } from './say.mjs';
import { checkSignIn } from './sign-in-check.mjs';
import { aborted, Stopped, stopController } from './stopping.mjs';

/**
 * A fleet of its own; stays up after the day, unless `once`.
 * @param {{ node: string, natsServer: string }} tools
 * @param {import('./start-options.mjs').FleetOptions} options
 * @returns {Promise<number>} the exit code
 */
export async function runFleet(tools, { id, once }) {
  const stopping = stopController();
  const { signal } = stopping;
  return untilStopped(async () => {
    const fleet = await startLocalFleet(tools, id, signal);
    try {
      watchDeaths(fleet, stopping);
      say(`A fleet on this machine: broker ${fleet.broker.url}, PC "${id}".`);
      const good = await demoDay(fleet, signal);
      if (once) return good ? 0 : 1;
      say('The fleet stays up; Ctrl-C stops it and leaves nothing behind. What comes in from now on:');
      say(`  (the agent's log is in ${join(fleet.directory, 'logs')}; with the nats command line:`);
      say(`  nats -s ${fleet.broker.url} pub commands.pc.${id} '${exampleCommand()}')`);
      return await Promise.race([tellResults(fleet), aborted(signal)]);
    } finally {
      if (signal.aborted) say('Stopping…');
      await fleet.stop();
    }
  });
}

/**
 * One more PC in a fleet that is there.
 * @param {{ node: string }} tools
 * @param {import('./start-options.mjs').JoinOptions} options
 * @returns {Promise<number>} the exit code
 */
export async function runJoined({ node }, options) {
  await checkSignIn(options);
  const { signal } = stopController();
  const { id, server, signIn } = options;
  const directory = freshDirectory();
  const config = join(directory, 'agent.toml');
  const logFile = join(directory, 'logs', 'agent.log');
  writeFileSync(config, agentToml({ id, natsUrl: server, logFile, signIn, firstEnrolment: 'skip' }), { mode: 0o600 });
  const env = withoutKanade(process.env, ['KANADE_NATS_TOKEN']);
  const agent = new AgentProcess({ node, config, dataDir: join(directory, 'data'), env });
  return untilStopped(async () => {
    try {
      agent.start();
      say(`This PC takes part in the fleet at ${server} as "${id}", from now on and without what was sent before.`);
      say(`Ctrl-C ends that. The agent's log is in ${join(directory, 'logs')}.`);
      await Promise.race([agent.died, aborted(signal)]);
      throw new Fault(`The agent ended. It said:\n${agent.log.trim()}`);
    } finally {
      if (signal.aborted) say('Stopping…');
      await agent.stop();
    }
  });
}

/**
 * @param {() => Promise<number>} work
 * @returns {Promise<number>} 0 when the reader ended it
 */
async function untilStopped(work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Stopped) return 0;
    throw error;
  }
}

/**
 * What ends unasked ends everything.
 * @param {import('./local-fleet.mjs').LocalFleet} fleet
 * @param {AbortController} stopping
 */
function watchDeaths({ agent, broker }, stopping) {
  void agent.died.then(() => stopping.abort(new Fault(`The agent ended. It said:\n${agent.log.trim()}`)));
  void broker.died.then(() =>
    stopping.abort(new Fault(`The broker ended, so this ends too. It said:\n${broker.log.trim()}`)),
  );
}

/**
 * @param {import('./local-fleet.mjs').LocalFleet} fleet
 * @returns {Promise<never>}
 */
async function tellResults({ nc }) {
  for await (const message of nc.subscribe('results.>'))
    say(`  ${message.subject.slice('results.'.length)}: ${inWords(message.json())}`);
  throw new Fault('The connection to the broker ended.');
}

function exampleCommand() {
  return JSON.stringify({
    id: 'hello',
    version: '1.0.0',
    request_id: 'hello-1',
    shell: process.platform === 'win32' ? 'cmd' : 'sh',
    script: 'echo hello',
    timeout_secs: 30,
  });
}
