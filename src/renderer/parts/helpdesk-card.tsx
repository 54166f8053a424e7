/** The way into the helpdesk's view and out of it; inside, what the settings are and where each comes from. */
import { Button, Field, Input, makeStyles, tokens } from '@fluentui/react-components';
import { type FormEvent, useState } from 'react';
import type { Fault } from '../../shared/faults.ts';
import type { Words } from '../../shared/words/words.ts';
import { EVERY_SECOND_MS, useNow, useOffers, useQuery, useStore, useWindowState, useWords } from '../data/hooks.ts';
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
  const words = useWords();
  const offers = useOffers();
  const untilMs = useWindowState(({ status }) => status?.helpdesk.unlockedUntilMs ?? null);
  if (!offers.has('helpdesk.unlock')) return null;
  return (
    <>
      <Card title={words.say('support.helpdesk')}>{untilMs === null ? <Locked /> : <Open untilMs={untilMs} />}</Card>
      {untilMs !== null && <Inside />}
    </>
  );
}

function Locked() {
  const styles = useStyles();
  const words = useWords();
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
      <p className={styles.quiet}>{words.say('support.helpdesk.intro')}</p>
      <form className={styles.form} onSubmit={(event) => void unlock(event)}>
        <Field
          className={styles.field}
          label={words.say('support.helpdesk.code')}
          validationMessage={refusal === null ? null : refusalText(refusal, words)}
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
          {words.say('support.helpdesk.open')}
        </Button>
      </form>
    </>
  );
}

function refusalText({ name, data }: Fault, words: Words): string {
  const { triesLeft, retryInMs } = data;
  if (typeof retryInMs === 'number' && retryInMs > 0)
    return words.say('support.helpdesk.wait', { t: words.duration(retryInMs) });
  if (name === 'wrong_code' && typeof triesLeft === 'number')
    return words.say('support.helpdesk.wrong', { n: triesLeft });
  return words.say('support.helpdesk.failed');
}

function Open({ untilMs }: { readonly untilMs: number }) {
  const styles = useStyles();
  const words = useWords();
  const { client } = useStore();
  const nowMs = useNow(EVERY_SECOND_MS);
  return (
    <div className={styles.open}>
      <span role="status">{words.say('support.helpdesk.on')}</span>
      <span>{words.say('support.helpdesk.ends', { t: words.duration(Math.max(0, untilMs - nowMs)) })}</span>
      <Button onClick={() => void client.ask('helpdesk.lock', {})}>{words.say('support.helpdesk.end')}</Button>
    </div>
  );
}

function Inside() {
  const words = useWords();
  const faults = useWindowState(({ status }) => status?.agent.faults.list ?? null);
  const { data } = useQuery('config.effective', {}, 'attachment');
  return (
    <>
      {faults !== null && faults.length > 0 && (
        <Card title={words.say('support.faults')}>
          <Facts
            facts={faults.map(({ file, line, key, expected }) => ({
              name: key ?? file,
              value: words.list([
                line === null ? file : `${file} (${words.say('support.fault.line', { n: line })})`,
                words.say('support.fault', { expected }),
              ]),
            }))}
          />
        </Card>
      )}
      <NoticesCard />
      <SignaturesCard />
      {data !== null && (
        <Card title={words.say('support.settings')}>
          <Facts
            facts={data.map(({ key, value, source, locked }) => ({
              name: key,
              value: `${value === null ? '–' : String(value)} · ${source}${locked ? ` · ${words.say('support.settings.locked')}` : ''}`,
            }))}
          />
        </Card>
      )}
    </>
  );
}
