/** The exact words of results: operators and backends match on them (protocol §4.2, §12.2; design §2, table). */
import { DURATION_MAX, formatDuration } from './humantime.ts';
import { formatTimestampText } from './timestamp.ts';

export const killedText = (execId: string) => `killed by remote signal (kill.${execId})`;

/** The raw field: 0 prints 0 though 1 s was used. */
export const timeoutText = (timeoutSecs: number | bigint) => `timeout after ${timeoutSecs}s`;

/** `ageNs` null: never connected. The dash is U+2014. */
export function stalenessText(ageNs: bigint | null, allowedNs: bigint): string {
  const age = formatDuration(ageNs ?? DURATION_MAX);
  const allowed = formatDuration(allowedNs);
  return `skipped: staleness policy (mode=strict) exceeded — agent has been disconnected for ${age}, max allowed ${allowed}`;
}

export function deadlineText(lateNs: bigint, deadlineNs: bigint, receivedNs: bigint): string {
  const times = `deadline ${formatTimestampText(deadlineNs)}, received ${formatTimestampText(receivedNs)}`;
  return `skipped: starting deadline expired ${formatDuration(lateNs)} ago (${times})`;
}

export const pinText = (id: string, pinned: string, brought: string) =>
  `skipped: version-pin mismatch — script_current[${id}] = ${pinned}, command brought ${brought}`;

export const revokedText = (id: string) => `skipped: command was revoked (script_status[${id}] = revoked)`;

export const interruptedText = () =>
  'agent restarted during execution; outcome unknown (the command is not relaunched automatically)';

const OS_NAMES: Readonly<Record<string, string>> = { win32: 'Windows', darwin: 'macOS', linux: 'Linux' };
const RUN_AS_NAMES = { system: 'System', user: 'User', system_gui: 'SystemGui' } as const;

export const unsupportedRunAsText = (runAs: keyof typeof RUN_AS_NAMES, platform: NodeJS.Platform) =>
  `skipped: run_as ${RUN_AS_NAMES[runAs]} is not supported on ${OS_NAMES[platform] ?? platform} agents`;

export const agentStoppedText = () => 'stopped: the agent is shutting down';
export const scriptsOffText = () => 'skipped: scripts are switched off on this PC by policy';
export const cannotReadText = (fault: string) => `refused: cannot read command: ${fault}`;
export const unsupportedCommandText = (what: string) => `skipped: this type of command is not supported here (${what})`;
export const scriptObjectText = (key: string, why: string) =>
  `skipped: the script object ${key} can not be used: ${why}`;
export const spawnFailedText = (cause: string) => `command failed before it produced an outcome: ${cause}`;
export const noUserText = () => spawnFailedText('no user is signed in');

/** A note behind what the script wrote: alone if that is empty, else after one newline (protocol §4.2). */
export function appendNote(stderr: string, note: string): string {
  return stderr === '' ? note : `${stderr}\n${note}`;
}
