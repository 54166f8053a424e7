/** `drain`: asks the agent to end when its scripts have, and waits for that. What the Debian package runs before an upgrade. */
import { homedir } from 'node:os';
import { sleep } from '../base/sleep.ts';
import { directoriesOf, startDirectory } from '../shared/directories.ts';
import { agentTalk } from './agent-talk.ts';

/** Scripts get 60 s (architecture §4), and their results must reach the disk. */
const WITHIN_MS = 75_000;
const POLL_EVERY_MS = 500;

const { platform, env } = process;
const { agentDir } = directoriesOf({ startedAs: 'service', platform, env, cwd: startDirectory(), home: homedir() });
const talk = agentTalk(agentDir);

void drain();

async function drain(): Promise<void> {
  if (!(await talk.drain())) return;
  console.log('Waiting for the tasks that run…');
  for (const untilMs = performance.now() + WITHIN_MS; performance.now() < untilMs && (await talk.isThere()); )
    await sleep(POLL_EVERY_MS);
}
