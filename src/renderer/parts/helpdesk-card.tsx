/** The way into the helpdesk's view. */
import { Button, Field, Input, makeStyles, tokens } from '@fluentui/react-components';
import { type FormEvent, useState } from 'react';
import { type Refusal, refusalOf, refusalText } from '../../shared/describe-refusal.ts';
import {
  EVERY_MINUTE_MS,
  EVERY_SECOND_MS,
  useI18n,
  useNow,
  useOffers,
  useStore,
  useWindowState,
} from '../data/hooks.ts';
import { isUnlocked } from '../data/store.ts';
import { Card } from './card.tsx';

const useStyles = makeStyles({
  form: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'flex-start', marginTop: '8px' },
  field: { minWidth: '220px' },
  button: { marginTop: '26px' },
  quiet: { margin: 0, color: tokens.colorNeutralForeground2 },
});

/** Absent where IT has set no code, and while the view is open: then the strip above says so. */
export function HelpdeskCard() {
  const i18n = useI18n();
  const offers = useOffers();
  const unlocked = useWindowState(({ status }) => isUnlocked(status));
  if (unlocked || !offers.has('helpdesk.unlock')) return null;
  return (
    <Card title={i18n.t('support.helpdesk')}>
      <Locked />
    </Card>
  );
}

function Locked() {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const waiting = refusal?.untilMs != null;
  // Said again each second, by a clock that nobody sets.
  useNow(waiting ? EVERY_SECOND_MS : EVERY_MINUTE_MS);
  const unlock = async (event: FormEvent) => {
    event.preventDefault();
    if (code === '' || busy) return;
    setBusy(true);
    const answer = await client.ask('helpdesk.unlock', { code });
    setBusy(false);
    setRefusal(answer.ok ? null : refusalOf(answer.fault, performance.now()));
    if (!answer.ok) setCode('');
  };
  return (
    <>
      <p className={styles.quiet}>{i18n.t('support.helpdesk.intro')}</p>
      <form className={styles.form} onSubmit={(event) => void unlock(event)}>
        <Field
          className={styles.field}
          label={i18n.t('support.helpdesk.code')}
          validationMessage={refusal === null ? null : refusalText(refusal, i18n, performance.now())}
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
