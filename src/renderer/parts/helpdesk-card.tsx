/** The way into the helpdesk's view and out of it; inside, what the settings are and where each comes from. */
import { Button, Field, Input, makeStyles, tokens } from '@fluentui/react-components';
import { type FormEvent, useState } from 'react';
import type { Fault } from '../../shared/faults.ts';
import type { I18n } from '../../shared/i18n/i18n.ts';
import { EVERY_SECOND_MS, useI18n, useNow, useOffers, useQuery, useStore, useWindowState } from '../data/hooks.ts';
import { Card } from './card.tsx';
import { Facts } from './facts.tsx';
import { NoticesCard } from './notices-card.tsx';
import { SignaturesCard } from './signatures-card.tsx';

const useStyles = makeStyles({
  form: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'flex-start', marginTop: '8px' },
  field: { minWidth: '220px' },
  button: { marginTop: '26px' },
  quiet: { margin: 0, color: tokens.colorNeutralForeground2 },
  open: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: '8px 16px',
    alignItems: 'center',
    fontVariantNumeric: 'tabular-nums',
  },
});

/** Absent where IT has set no code. */
export function HelpdeskCard() {
  const i18n = useI18n();
  const offers = useOffers();
  const untilMs = useWindowState(({ status }) => status?.helpdesk.unlockedUntilMs ?? null);
  if (!offers.has('helpdesk.unlock')) return null;
  return (
    <>
      <Card title={i18n.t('support.helpdesk')}>{untilMs === null ? <Locked /> : <Open untilMs={untilMs} />}</Card>
      {untilMs !== null && <Inside />}
    </>
  );
}

function Locked() {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Fault | null>(null);
  const unlock = async (event: FormEvent) => {
    event.preventDefault();
    if (code === '' || busy) return;
    setBusy(true);
    const answer = await client.ask('helpdesk.unlock', { code });
    setBusy(false);
    setRefusal(answer.ok ? null : answer.fault);
    if (!answer.ok) setCode('');
  };
  return (
    <>
      <p className={styles.quiet}>{i18n.t('support.helpdesk.intro')}</p>
      <form className={styles.form} onSubmit={(event) => void unlock(event)}>
        <Field
          className={styles.field}
          label={i18n.t('support.helpdesk.code')}
          validationMessage={refusal === null ? null : refusalText(refusal, i18n)}
        >
          <Input
            type="password"
            autoComplete="off"
            value={code}
            maxLength={200}
            onChange={(_, { value }) => setCode(value)}
          />
        </Field>
        <Button className={styles.button} type="submit" appearance="primary" disabledFocusable={code === '' || busy}>
          {i18n.t('support.helpdesk.open')}
        </Button>
      </form>
    </>
  );
}

function refusalText({ name, data }: Fault, i18n: I18n): string {
  const { triesLeft, retryInMs } = data;
  if (typeof retryInMs === 'number' && retryInMs > 0)
    return i18n.t('support.helpdesk.wait', { t: i18n.duration(retryInMs) });
  if (name === 'wrong_code' && typeof triesLeft === 'number') return i18n.t('support.helpdesk.wrong', { n: triesLeft });
  return i18n.t('support.helpdesk.failed');
}

function Open({ untilMs }: { readonly untilMs: number }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const nowMs = useNow(EVERY_SECOND_MS);
  return (
    <div className={styles.open}>
      <span role="status">{i18n.t('support.helpdesk.on')}</span>
      <span>{i18n.t('support.helpdesk.ends', { t: i18n.duration(Math.max(0, untilMs - nowMs)) })}</span>
      <Button onClick={() => void client.ask('helpdesk.lock', {})}>{i18n.t('support.helpdesk.end')}</Button>
    </div>
  );
}

function Inside() {
  const i18n = useI18n();
  const faults = useWindowState(({ status }) => status?.agent.faults.list ?? null);
  const { data } = useQuery('config.effective', {}, 'agentConnection');
  return (
    <>
      {faults !== null && faults.length > 0 && (
        <Card title={i18n.t('support.faults')}>
          <Facts
            facts={faults.map(({ file, line, key, expected }) => ({
              name: key ?? file,
              value: i18n.list([
                line === null ? file : `${file} (${i18n.t('support.fault.line', { n: line })})`,
                i18n.t('support.fault', { expected }),
              ]),
            }))}
          />
        </Card>
      )}
      <NoticesCard />
      <SignaturesCard />
      {data !== null && (
        <Card title={i18n.t('support.settings')}>
          <Facts
            facts={data.map(({ key, value, source, locked }) => ({
              name: key,
              value: `${value === null ? '–' : String(value)} · ${source}${locked ? ` · ${i18n.t('support.settings.locked')}` : ''}`,
            }))}
          />
        </Card>
      )}
    </>
  );
}
