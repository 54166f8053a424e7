/** The two ways of `npm start`. Invariant: both end with everything they started, and with an exit code that tells the truth. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError, say } from '../bootstrap/say.mjs';
import { AgentProcess, agentToml, withoutKanade } from './agent-process.ts';
import { AppShellProcess, electronForStart } from './app-shell-process.ts';
import { playDemo } from './demo.ts';
import type { Electron } from './electron.ts';
import { agentOf, freshDirectory, type LocalFleet, startLocalFleet } from './local-fleet.ts';
import { inWords } from './result-in-words.ts';
import { checkSignIn } from './sign-in-check.ts';
import type { FleetOptions, JoinOptions } from './start-options.ts';
import { aborted, Stopped, stopController } from './stopping.ts';
import { openInBrowser, serveWindowPage, type WindowPage } from './window-page.ts';

/**
 * A fleet of its own; stays up after the demo, unless `once`.
 * @returns the exit code
 */
export async function runFleet(
  tools: { node: string; natsServer: string },
  { id, once }: FleetOptions,
): Promise<number> {
  const stopping = stopController();
  const { signal } = stopping;
  return untilStopped(async () => {
    const electron = once ? null : await electronForStart();
    const fleet = await fleetWith(tools, id, signal, electron);
    let page: WindowPage | null = null;
    try {
      watchDeaths(fleet, stopping);
      say(`A fleet on this machine: broker ${fleet.broker.url}, PC "${id}".`);
      if (!once) {
        if (fleet.agent instanceof AppShellProcess)
          say('The window is open, and the icon is in the notification area.');
        else page = await showWindow(tools.node, join(fleet.directory, 'data'));
        say('It shows this PC while an IT department works on it: each task that it sends is a line below.');
        say('To join a real fleet instead: npm start -- --server nats://host:4222');
      }
      const good = await playDemo(fleet, signal);
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

/** Where Electron is there and does not start, a page in a browser is the window. */
async function fleetWith(
  tools: { node: string; natsServer: string },
  id: string,
  signal: AbortSignal,
  electron: Electron | null,
) {
  if (electron === null) return startLocalFleet(tools, id, signal);
  try {
    return await startLocalFleet(tools, id, signal, electron);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    say(`Electron does not work here, so the window is a page in a browser. (${error.message.split('\n').at(-1)})`);
    return startLocalFleet(tools, id, signal);
  }
}

/**
 * One more PC in a fleet that is there.
 * @returns the exit code
 */
export async function runJoined({ node }: { node: string }, options: JoinOptions): Promise<number> {
  await checkSignIn(options);
  const { signal } = stopController();
  const { id, server, signIn } = options;
  const directory = freshDirectory();
  const config = join(directory, 'agent.toml');
  const logFile = join(directory, 'logs', 'agent.log');
  writeFileSync(config, agentToml({ id, natsUrl: server, logFile, signIn, firstEnrolment: 'skip' }), { mode: 0o600 });
  const env = withoutKanade(process.env, ['KANADE_NATS_TOKEN']);
  const agent = agentOf({ node, config, directory, env, electron: await electronForStart() });
  let page: WindowPage | null = null;
  return untilStopped(async () => {
    try {
      agent.start();
      if (agent instanceof AgentProcess) page = await showWindow(node, join(directory, 'data'));
      say(`This PC takes part in the fleet at ${server} as "${id}", from now on and without what was sent before.`);
      say(`Ctrl-C ends that. The agent's log is in ${join(directory, 'logs')}.`);
      await Promise.race([agent.died, aborted(signal)]);
      throw new CliError(`The agent ended. It said:\n${agent.log.trim()}`);
    } finally {
      if (signal.aborted) say('Stopping…');
      await page?.stop();
      await agent.stop();
    }
  });
}

/**
 * The window in a browser, opened where there is a desktop.
 * @param dataDir of the agent
 */
async function showWindow(node: string, dataDir: string) {
  const onAddress = (address: string) => say(`To open the window once more: ${address}`);
  const page = await serveWindowPage({ node, dataDir, env: withoutKanade(process.env), onAddress });
  const opened = openInBrowser(page.address);
  say(`The window: ${page.address}${opened ? ' (opened in your browser)' : ''}`);
  return page;
}

/** @returns 0 when the reader ended it */
async function untilStopped(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Stopped) return 0;
    throw error;
  }
}

/** What ends unasked ends everything. */
function watchDeaths({ agent, broker }: LocalFleet, stopping: AbortController) {
  void agent.died.then(() => stopping.abort(new CliError(`The agent ended. It said:\n${agent.log.trim()}`)));
  void broker.died.then(() =>
    stopping.abort(new CliError(`The broker ended, so this ends too. It said:\n${broker.log.trim()}`)),
  );
}

async function tellResults({ nc }: LocalFleet): Promise<never> {
  for await (const message of nc.subscribe('results.>'))
    say(`  ${message.subject.slice('results.'.length)}: ${inWords(message.json())}`);
  throw new CliError('The connection to the broker ended.');
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
