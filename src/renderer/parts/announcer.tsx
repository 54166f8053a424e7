/**
 * Tells a screen reader what changed without taking the focus: the state of the whole when its sentence changes, and each
 * outcome once, when it comes.
 */
import { useEffect, useRef, useState } from 'react';
import { describeState } from '../../shared/describe.ts';
import { describeRun, taskName } from '../../shared/describe-run.ts';
import type { RunRow } from '../../shared/run-view.ts';
import { useI18n, useQuery, useSeen } from '../data/hooks.ts';
import { hiddenStyle } from './hidden.ts';

const LOOKED_AT = 20;

export function Announcer() {
  const i18n = useI18n();
  const seen = useSeen();
  const title = seen === null ? '' : describeState(seen, i18n, Date.now()).title;
  const outcome = useNewOutcomes();
  return (
    <div style={hiddenStyle}>
      <div role="status" aria-live="polite" data-live="state">
        {title}
      </div>
      <div role="log" aria-live="polite" data-live="outcome">
        {outcome}
      </div>
    </div>
  );
}

function useNewOutcomes(): string {
  const i18n = useI18n();
  const { data } = useQuery('runs.list', { limit: LOOKED_AT });
  /** What had ended when we last looked; null: we have not yet, and what is there is no news. */
  const known = useRef<ReadonlySet<number> | null>(null);
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (data === null) return;
    const finished = data.rows.filter((row) => row.reason !== null);
    const before = known.current;
    known.current = new Set(finished.map((row) => row.run));
    if (before === null) return;
    const oldest = Math.min(...before, Number.POSITIVE_INFINITY);
    const news = finished.filter((row) => !before.has(row.run) && (before.size === 0 || row.run > oldest));
    if (news.length > 0)
      setSaid(
        news.map((row: RunRow) => `${taskName(row, i18n)}: ${describeRun(row, i18n, Date.now()).line}`).join('. '),
      );
  }, [data, i18n]);
  return said;
}
