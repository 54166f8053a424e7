/**
 * Tells a screen reader what changed without taking the focus: the state of the whole when its sentence changes, the end of the
 * helpdesk's view, and each outcome once, when it comes.
 */
import { useEffect, useRef, useState } from 'react';
import { describeState } from '../../shared/describe.ts';
import { AnnouncedOutcomes } from '../data/announced-outcomes.ts';
import { useI18n, useQuery, useSnapshot, useWindowState } from '../data/hooks.ts';
import { hiddenStyle } from './hidden.ts';

/** A burst is told when it has been quiet for so long, and in any case after a while. */
const QUIET_MS = 1_500;
const LATEST_MS = 10_000;
const MAX_RUNS = 100;

export function Announcer() {
  const i18n = useI18n();
  const snapshot = useSnapshot();
  const title = snapshot === null ? '' : describeState(snapshot, i18n, Date.now()).title;
  const ended = useWindowState(({ viewEnded }) => viewEnded);
  const outcome = useNewOutcomes();
  return (
    <div style={hiddenStyle}>
      <div role="status" aria-live="polite" data-live="state">
        {title}
      </div>
      <div role="status" aria-live="polite" data-live="view">
        {ended === null ? '' : i18n.t(`support.helpdesk.ended.${ended}`)}
      </div>
      <div role="log" aria-live="polite" data-live="outcome">
        {outcome}
      </div>
    </div>
  );
}

function useNewOutcomes(): string {
  const i18n = useI18n();
  const { data } = useQuery('runs.list', { limit: MAX_RUNS });
  const [outcomes] = useState(() => new AnnouncedOutcomes());
  const latest = useRef({ i18n, untilMs: 0 });
  latest.current.i18n = i18n;
  const [said, setSaid] = useState('');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (data === null || !outcomes.take(data.rows)) return;
    const nowMs = performance.now();
    if (timer.current === undefined) latest.current.untilMs = nowMs + LATEST_MS;
    clearTimeout(timer.current);
    timer.current = setTimeout(
      () => {
        timer.current = undefined;
        setSaid(outcomes.tell(latest.current.i18n, Date.now()));
      },
      Math.max(0, Math.min(QUIET_MS, latest.current.untilMs - nowMs)),
    );
  }, [data, outcomes]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return said;
}
