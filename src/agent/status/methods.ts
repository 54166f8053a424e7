/** What each method of the contract does. Rates, roles and arguments have been checked before (`client-connection.ts`). */
import { drop } from '../../base/drop.ts';
import { type Parsed, type ProvenMethodName, provenMethods, type Result } from '../../shared/contract.ts';
import { Fault } from '../../shared/faults.ts';
import type { RunId } from '../../shared/ids.ts';
import { clip } from '../../shared/run-title.ts';
import { MAX_SAME_ROWS } from '../../shared/run-view.ts';
import type { Caller, ClientDeps } from './client-deps.ts';
import { MAX_TEXT_CHARS } from './clipped.ts';
import { insideHandlers } from './inside.ts';
import type { OutputReader } from './output-reader.ts';
import type { RunRecord, StoredOutput } from './ports.ts';
import { roleNeeded } from './roles.ts';
import { countDays, countRuns, listRuns, outlineRuns, visibilityOf } from './run-lists.ts';
import { isOneOfAKind, NEARBY_RUNS } from './usual-time.ts';
import { detailOf, maySee, maySeeOutput, scheduleOf, type Visibility, visibleTo } from './views.ts';

type Answer<M extends ProvenMethodName> = Result<M> | Fault;
type Handlers = {
  readonly [M in ProvenMethodName]: (params: Parsed<M>, caller: Caller) => Answer<M> | Promise<Answer<M>>;
};

const NOTHING = {};
const NOT_KNOWN = new Fault('unavailable', 'the settings can not be read');
const NO_RUN = new Fault('not_found', 'there is no such run');
const MAX_VERSIONS = 50;
const MAX_SCHEDULES = 500;

export const handlers: Handlers = {
  'state.snapshot': (_params, { deps, principal }) => deps.projection.statusFor(principal),
  'state.subscribe': (_params, { deps, principal, subscribe }) => {
    subscribe();
    return deps.projection.statusFor(principal);
  },
  'state.unsubscribe': (_params, { unsubscribe }) => {
    unsubscribe();
    return NOTHING;
  },
  'runs.list': listRuns,
  'runs.outline': outlineRuns,
  'runs.counts': countRuns,
  'runs.days': countDays,
  'runs.get': ({ run }, caller) => {
    const { deps } = caller;
    const visibility = visibilityOf(caller);
    const record = visibleRun(run, caller, visibility);
    if (record === null) return NO_RUN;
    const sizes = () => ({
      stdout: deps.ports.history.outputSize(run, 'stdout'),
      stderr: deps.ports.history.outputSize(run, 'stderr'),
    });
    return detailOf(record, visibility, deps.ports.command(run), sizes, {
      usualMs: deps.projection.usualTime.of(record),
      same: sameTask(record, visibility, deps.ports),
      pcId: deps.ports.identity().pcId,
    });
  },
  'runs.output': ({ run, stream, ...piece }, caller) => {
    const load = outputLoader(run, stream, caller);
    return load instanceof Fault ? load : readerOf(caller).slice(`${run} ${stream}`, load, piece, caller.turn);
  },
  'runs.outputRows': ({ run, stream, ...place }, caller) => {
    const load = outputLoader(run, stream, caller);
    return load instanceof Fault ? load : readerOf(caller).rows(`${run} ${stream}`, load, place, caller.turn);
  },
  'runs.outputSearch': ({ run, stream, search }, caller) => {
    const load = outputLoader(run, stream, caller);
    return load instanceof Fault ? load : readerOf(caller).search(`${run} ${stream}`, load, search, caller.turn);
  },
  'runs.tail': ({ run }, caller) => {
    const visibility = visibilityOf(caller);
    const record = visibleRun(run, caller, visibility);
    if (record === null) return NO_RUN;
    if (!maySeeOutput(record, visibility)) return roleNeeded('helpdesk');
    const tail = caller.deps.ports.tail(run);
    if (tail === undefined) return { running: false, stdout: '', stderr: '', stdoutCut: false, stderrCut: false };
    const [stdout, stderr] = [endOf(tail.stdout), endOf(tail.stderr)];
    return {
      running: true,
      stdout,
      stderr,
      stdoutCut: tail.stdoutCut || stdout.length < tail.stdout.length,
      stderrCut: tail.stderrCut || stderr.length < tail.stderr.length,
    };
  },
  'schedules.list': (_params, caller) => {
    const visibility = visibilityOf(caller);
    return caller.deps.ports
      .schedules()
      .slice(0, MAX_SCHEDULES)
      .map((row) => scheduleOf(row, visibility));
  },
  'outbox.resend': async ({ resultId, kind }, caller) => {
    const queued = await caller.deps.ports.outbox.resend(resultId, kind);
    if (!queued) return new Fault('not_found', 'nothing undelivered has this id');
    note(caller, 'outbox.resend', resultId);
    return NOTHING;
  },
  'outbox.resendAll': async (_params, caller) => {
    const resent = await caller.deps.ports.outbox.resendAll();
    note(caller, 'outbox.resendAll', String(resent));
    return { resent };
  },
  ...insideHandlers,
  'update.get': (_params, { deps: { ports } }) => ({
    ...ports.cells.update.value,
    history: [
      ...ports.versions(MAX_VERSIONS).map(({ version, atMs }) => ({ version, atMs, outcome: 'ok' as const })),
      ...ports.undone().map(({ version, atMs }) => ({ version, atMs, outcome: 'rolled_back' as const })),
    ]
      .toSorted((one, other) => other.atMs - one.atMs)
      .slice(0, MAX_VERSIONS),
  }),
  'update.schedule': async ({ notBeforeMs }, caller) => {
    // Each that is taken is a row of the audit: nobody may push out the others.
    const tooMany = caller.deps.share.takeWish();
    if (tooMany !== null) return tooMany;
    const outcome = (await caller.deps.ports.scheduleUpdate?.(notBeforeMs)) ?? 'refused';
    if (outcome === 'refused') return new Fault('not_found', 'there is no update that can be put off like that');
    if (outcome === 'taken')
      note(caller, 'update.schedule', notBeforeMs === null ? 'now' : new Date(notBeforeMs).toISOString());
    return NOTHING;
  },
  'ui.settings': (_params, { deps }) => {
    const known = deps.ports.ui();
    if (known === null) return NOT_KNOWN;
    const { hideCommandNames: _ofTheAgent, ...ui } = known;
    return ui;
  },
  'support.info': async (_params, { deps }) => (await deps.ports.support()) ?? NOT_KNOWN,
  'about.capabilities': (_params, { deps }) => ({ facts: deps.ports.about(), methods: offered(deps) }),
  'audit.list': ({ limit }, { deps }) =>
    deps.ports.audit.list(limit).map(({ atMs, account, action, detail }) => ({
      atMs,
      account: clip(account, MAX_TEXT_CHARS),
      action,
      detail: clip(detail, MAX_TEXT_CHARS),
    })),
  'helpdesk.unlock': async ({ code }, { deps, principal, setUnlocked }) => {
    const until = await deps.helpdesk.unlock(principal.account, code);
    if (until instanceof Fault) return until;
    setUnlocked(until);
    return { unlockedUntilMs: until };
  },
  'helpdesk.lock': (_params, caller) => {
    if (caller.principal.unlockedUntilMs !== null) note(caller, 'helpdesk.lock', '');
    caller.setUnlocked(null);
    return NOTHING;
  },
  'agent.drain': (_params, caller) => later(caller, 'agent.drain', caller.deps.ports.drain),
  'agent.stop': (_params, caller) => later(caller, 'agent.stop', caller.deps.ports.stop),
  'log.setLevel': ({ level }, caller) => {
    caller.deps.ports.setLogLevel(level);
    note(caller, 'log.setLevel', level);
    return NOTHING;
  },
};

/** Every method that can be called on this agent as it is set up now, by whoever holds the role for it. */
function offered({ ports, hostSecret }: ClientDeps): string[] {
  const names = Object.keys(provenMethods) as ProvenMethodName[];
  return names.filter((name) => {
    if (name === 'update.schedule') return ports.scheduleUpdate !== null;
    if (name === 'helpdesk.unlock' || name === 'helpdesk.lock') return ports.helpdeskCode.isSet();
    return name !== 'agent.stop' || hostSecret !== null;
  });
}

/** Looked for among those that arrived around it: a long history must not hold up the agent. */
function sameTask(record: RunRecord, visibility: Visibility, { history }: ClientDeps['ports']): RunRecord[] {
  if (isOneOfAKind(record) || record.manifestId === null) return [];
  const filter = { ...visibleTo(visibility), manifestId: record.manifestId, afterRun: record.run - NEARBY_RUNS };
  const found = history.list(filter, Number.POSITIVE_INFINITY, MAX_SAME_ROWS + 1);
  return found.filter(({ run }) => run !== record.run).slice(0, MAX_SAME_ROWS);
}

/** A run of somebody else is as little there as one that never was. */
function visibleRun(run: RunId, { deps }: Caller, visibility: Visibility): RunRecord | null {
  const record = deps.ports.history.get(run);
  return record !== undefined && maySee(record, visibility) ? record : null;
}

function readerOf({ deps, principal }: Caller): OutputReader {
  return deps.outputs.of(principal.account);
}

/** What reads a stream of a run, where these visibility may see it. */
function outputLoader(run: RunId, stream: OutputStream, caller: Caller): (() => StoredOutput) | Fault {
  const visibility = visibilityOf(caller);
  const record = visibleRun(run, caller, visibility);
  if (record === null) return NO_RUN;
  if (stream === 'script' ? !visibility.helpdesk : !maySeeOutput(record, visibility)) return roleNeeded('helpdesk');
  const { command, history } = caller.deps.ports;
  if (stream === 'script') return () => scriptText(command(run)?.script ?? null);
  return () => history.output(run, stream) ?? NO_OUTPUT;
}

type OutputStream = Parsed<'runs.output'>['stream'];

const NO_OUTPUT: StoredOutput = { text: '', totalBytes: 0, cut: false };

function scriptText(script: string | null): StoredOutput {
  if (script === null) return NO_OUTPUT;
  return { text: script, totalBytes: Buffer.byteLength(script), cut: false };
}

const MAX_TAIL_CHARS = 64 * 1024;

function endOf(text: string): string {
  return text.slice(-MAX_TAIL_CHARS).replace(/^[\uDC00-\uDFFF]/, '');
}

/** The answer goes out before the agent begins to end. */
function later(caller: Caller, action: string, begin: () => void): typeof NOTHING {
  note(caller, action, caller.principal.client);
  setImmediate(begin);
  return NOTHING;
}

/** An action is not held up, nor undone, by an audit row that can't be written. */
function note({ deps, principal }: Caller, action: string, detail: string): void {
  const { audit, clock, log } = deps.ports;
  drop(audit.append({ atMs: clock.nowMs(), account: principal.account, action, detail }), log, 'an audit entry');
}
