/** The table of outcomes in docs/architecture.md, made from that of the code. */
import { outcomeRow, REASONS, type Reason } from '../../src/shared/outcomes.ts';
import { withMadeSection } from './made-section.ts';

const WHEN: Readonly<Record<Reason, string>> = {
  DONE: 'the script ended with 0',
  FAILED: 'it ended otherwise',
  DISABLED: 'scripts are switched off on this PC',
  STALE_VIEW: '`strict`, and our view of the fleet is older than it allows',
  VERSION_PIN: 'another version is pinned; local with `[results] publish_pin_skips = false`',
  REVOKED: 'withdrawn; local as above',
  DEADLINE: 'its last moment to start has passed',
  UNSUPPORTED:
    "a typed command; an envelope of a kind that is not known (local); a `run_as` or a script object that this PC can't provide",
  KILLED: 'killed while it ran',
  KILLED_WAITING: 'killed before it started',
  TIMEOUT: 'its time was over',
  AGENT_STOPPED: 'ended by our own stop, or given back to the original agent unstarted',
  START_FAILED: 'no such shell or directory, no room, or a bug of ours on its way',
  NO_USER: '`run_as: user`, and nobody signed in in time',
  BAD_MESSAGE: "it can't be read; local where it names nobody to answer",
  CONFLICT: 'a known `request_id` with other bytes',
  INTERRUPTED: 'it was running when the agent or the PC went down, or is open in an older copy of the store',
  SIGNATURE:
    'signatures are required, and it has no good one; local for an envelope, and where its id has its result already',
  EXPIRED_ENV: 'a signed envelope, outside of its time',
  MISADDRESSED: 'a signed envelope for another PC',
};

/** The text of docs/architecture.md with this table as the outcomes are now. */
export function withOutcomes(text: string): string {
  const rows = REASONS.map((reason) => {
    const { skipped, group } = outcomeRow(reason);
    return `| ${reason} | ${codeOf(reason)} | ${skipped ? 'yes' : 'no'} | ${group} | ${WHEN[reason]} |`;
  });
  const head = ['| outcome | exit code | `skipped` | group | when |', '|---|---|---|---|---|'];
  return withMadeSection(text, 'src/shared/outcomes.ts', [...head, ...rows, ''].join('\n'));
}

function codeOf(reason: Reason): string {
  const { exitCode } = outcomeRow(reason);
  if (exitCode === null) return 'local';
  return exitCode === 'own' ? 'its own, −1 by a signal' : String(exitCode).replace('-', '−');
}
