/**
 * What the agent knows of its own troubles, as one role may see it. Invariant: what names a subject, a path or a reason leaves
 * the agent for the helpdesk only.
 */
import type { Notices } from '../../shared/agent-status.ts';
import { clip } from '../../shared/run-title.ts';
import { MAX_STATE_TEXT_CHARS } from './clipped.ts';
import type { StatusCells } from './ports.ts';

export const MAX_SUBJECTS = 20;
/** A role of which each message has a subject of its own: the one permission that they are a matter of. */
const ONE_PER_MESSAGE = /^(results|events\.started)\..*$/;
/** Refused for good by the role of a fleet at 0.101, or of one at 0.29, and no task needs them. */
const MINOR = ['inventory.', 'obs.'];

type Cells = Pick<StatusCells, 'forbidden' | 'undelivered' | 'clockStep' | 'logFailure'>;

export function noticesFor(cells: Cells, helpdesk: boolean): Notices {
  const inside = (text: string) => (helpdesk ? clip(text, MAX_STATE_TEXT_CHARS) : null);
  const undelivered = cells.undelivered.value;
  const log = cells.logFailure.value;
  return {
    forbidden: forbiddenOf(cells.forbidden.value, helpdesk),
    undelivered: undelivered === null ? null : { cause: undelivered.cause, why: inside(undelivered.why) },
    clock: cells.clockStep.value,
    log: log === null ? null : { path: inside(log.path), why: inside(log.why) },
  };
}

function forbiddenOf(refused: readonly string[], helpdesk: boolean): Notices['forbidden'] {
  if (refused.length === 0) return null;
  const subjects = [...new Set(refused.map((subject) => subject.replace(ONE_PER_MESSAGE, '$1.>')))];
  return {
    minor: subjects.every((subject) => MINOR.some((each) => subject.startsWith(each))),
    count: subjects.length,
    subjects: helpdesk ? subjects.slice(0, MAX_SUBJECTS).map((subject) => clip(subject, MAX_STATE_TEXT_CHARS)) : null,
  };
}
