/** When an update that is ready is installed: the person may put it off for as long as IT lets them, or take that back. */
import { Button, makeStyles } from '@fluentui/react-components';
import { useState } from 'react';
import type { UpdateDetail } from '../../shared/agent-status.ts';
import { HOUR_MS } from '../../shared/time-units.ts';
import { useI18n, useOffers, useStore } from '../data/hooks.ts';

const useStyles = makeStyles({
  buttons: { display: 'flex', flexWrap: 'wrap', gap: '8px', margin: '0 0 16px', alignItems: 'center' },
});

/** From now on; the last one is as late as it may be. */
const CHOICES_HOURS = [1, 4, 24];

interface When {
  readonly update: UpdateDetail;
  readonly nowMs: number;
}

/** Nothing where there is nothing to choose. */
export function UpdateWhen({ update: { state, taking }, nowMs }: When) {
  const styles = useStyles();
  const i18n = useI18n();
  const offers = useOffers();
  const { client } = useStore();
  const [failed, setFailed] = useState(false);
  const untilMs = taking?.deferUntilMs ?? null;
  if (state !== 'verified' || untilMs === null || !offers.has('update.schedule')) return null;
  const schedule = async (notBeforeMs: number | null) =>
    setFailed(!(await client.ask('update.schedule', { notBeforeMs })).ok);
  const isPutOff = taking?.putOff === true || taking?.waitsFor === 'person';
  // What comes later already is not put off by an earlier time.
  const fromMs = isPutOff ? 0 : (taking?.notBeforeMs ?? 0);
  return (
    <div className={styles.buttons}>
      {isPutOff && (
        <Button appearance="primary" onClick={() => void schedule(null)}>
          {i18n.t('updates.now')}
        </Button>
      )}
      {choices(nowMs, fromMs, untilMs).map(({ hours, atMs }) => (
        // It stays itself, and keeps the focus, while the time goes on.
        <Button key={hours} onClick={() => void schedule(atMs)}>
          {i18n.t('updates.defer', { time: i18n.moment(atMs, nowMs) })}
        </Button>
      ))}
      <span role="status">{failed && i18n.t('updates.defer.failed')}</span>
    </div>
  );
}

function choices(nowMs: number, fromMs: number, untilMs: number) {
  return CHOICES_HOURS.map((hours) => ({ hours, atMs: nowMs + hours * HOUR_MS })).filter(
    ({ atMs }) => atMs > fromMs && atMs <= untilMs,
  );
}
