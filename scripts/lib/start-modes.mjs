/** The two ways of `npm start`. Invariant: both end with everything they started, and with an exit code that tells the truth. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, say } from '../bootstrap/say.mjs';
import { AgentProcess, agentToml, withoutKanade } from './agent-process.mjs';
import { demoDay } from './demo-day.mjs';
import { agentOf, freshDirectory, startLocalFleet } from './local-fleet.mjs';
import { inWords } from './outcomes.mjs';
import { electronForStart, ShellProcess } from './shell-process.mjs';
import { checkSignIn } from './sign-in-check.mjs';
import { aborted, Stopped, stopController } from './stopping.mjs';
import { openInBrowser, serveWindowPage } from './window-page.mjs';

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
    const electron = once ? null : await electronForStart();
    const fleet = await fleetWith(tools, id, signal, electron);
    /** @type {import('./window-page.mjs').WindowPage | null} */
    let page = null;
    try {
      watchDeaths(fleet, stopping);
      say(`A fleet on this machine: broker ${fleet.broker.url}, PC "${id}".`);
      if (!once) {
        if (fleet.agent instanceof ShellProcess) say('The window is open, and the icon is in the notification area.');
        else page = await showWindow(tools.node, join(fleet.directory, 'data'));
        say('It shows this PC while an IT department works on it: each line below is a task that it sent.');
        say('To join a real fleet instead: npm start -- --server nats://host:4222');
      }
      const good = await demoDay(fleet, signal);
      if (once) return good ? 0 : 1;
      say('The fleet stays up; Ctrl-C stops it and leaves nothing behind. What comes in from now on:');
      say(`  (the agent's log is in ${join(fleet.directory, 'logs')}; with the nats command line:`);
      say(`  nats -s ${fleet.broker.url} pub commands.pc.${id} '${exampleCommand()}')`);
      return await Promise.race([tellResults(fleet), aborted(signal)]);
    } finally {
      if (signal.aborted) say('Stopping…');
      await page?.stop();
      await fleet.stop();
    }
  });
}

/**
 * Where Electron is there and does not start, a page in a browser is the window.
 * @param {{ node: string, natsServer: string }} tools
 * @param {string} id
 * @param {AbortSignal} signal
 * @param {import('./electron.mjs').Electron | null} electron
 */
async function fleetWith(tools, id, signal, electron) {
  if (electron === null) return startLocalFleet(tools, id, signal);
  try {
    return await startLocalFleet(tools, id, signal, electron);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(`Electron does not work here, so the window is a page in a browser. (${error.message.split('\n').at(-1)})`);
    return startLocalFleet(tools, id, signal);
  }
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
  const agent = agentOf({ node, config, directory, env, electron: await electronForStart() });
  /** @type {import('./window-page.mjs').WindowPage | null} */
  let page = null;
  return untilStopped(async () => {
    try {
      agent.start();
      if (agent instanceof AgentProcess) page = await showWindow(node, join(directory, 'data'));
      say(`This PC takes part in the fleet at ${server} as "${id}", from now on and without what was sent before.`);
      say(`Ctrl-C ends that. The agent's log is in ${join(directory, 'logs')}.`);
      await Promise.race([agent.died, aborted(signal)]);
      throw new Fault(`The agent ended. It said:\n${agent.log.trim()}`);
    } finally {
      if (signal.aborted) say('Stopping…');
      await page?.stop();
      await agent.stop();
    }
  });
}

/**
 * The window in a browser, opened where there is a desktop.
 * @param {string} node
 * @param {string} dataDir of the agent
 */
async function showWindow(node, dataDir) {
  const onAddress = (/** @type {string} */ address) => say(`To open the window once more: ${address}`);
  const page = await serveWindowPage({ node, dataDir, env: withoutKanade(process.env), onAddress });
  const opened = openInBrowser(page.address);
  say(`The window: ${page.address}${opened ? ' (opened in your browser)' : ''}`);
  return page;
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
