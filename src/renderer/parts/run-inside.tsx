/** The lower half of a run's detail: what the helpdesk needs to tell why. */
import { Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { Claims } from '../../shared/claims.ts';
import { gateFacts } from '../../shared/describe-gates.ts';
import { describeRun, taskName } from '../../shared/describe-run.ts';
import type { I18n } from '../../shared/i18n/i18n.ts';
import { GATES } from '../../shared/outcomes.ts';
import type { RunDetail, RunInternals } from '../../shared/run-view.ts';
import { useClaims, useI18n, useOffers, useStore } from '../data/hooks.ts';
import { outputToCopy } from '../data/output.ts';
import type { WindowClient } from '../data/window-client.ts';
import { Card } from './card.tsx';
import { type Copy, CopyButton } from './copy-button.tsx';
import { Facts } from './facts.tsx';

const useStyles = makeStyles({
  title: { margin: '24px 0 12px', fontSize: tokens.fontSizeBase400, fontWeight: tokens.fontWeightSemibold },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: '8px', marginTop: '12px', alignItems: 'center' },
  mono: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
});

interface Inside {
  readonly run: RunDetail;
  readonly internals: RunInternals;
}

export function RunInside({ run, internals }: Inside) {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const { begins } = useClaims();
  return (
    <>
      <h2 className={styles.title}>{i18n.t('run.helpdesk')}</h2>
      <Card title={i18n.t('run.technical')}>
        <Technical run={run} internals={internals} />
        <div className={styles.buttons}>
          <CopyButton label={i18n.t('run.copyText')} text={() => asText(client, { run, internals }, i18n, begins)} />
          <CopyButton label={i18n.t('run.copyJson')} text={() => asJson(client, { run, internals }, i18n)} />
          <Resend run={run} internals={internals} />
        </div>
      </Card>
      <Gates run={run} internals={internals} />
    </>
  );
}

function Technical({ run, internals }: Inside) {
  const styles = useStyles();
  const i18n = useI18n();
  const fact = (name: string, value: string | number | null, mono = false) =>
    value === null ? null : { name, value: <span className={mergeClasses(mono && styles.mono)}>{value}</span> };
  return (
    <Facts
      facts={[
        fact(i18n.t('run.reason'), run.reason ?? run.state, true),
        fact(i18n.t('run.exit'), run.exitCode, true),
        fact(i18n.t('field.detail'), internals.detail),
        fact(i18n.t('field.manifest'), internals.manifestId, true),
        fact(i18n.t('field.version'), internals.version, true),
        fact(i18n.t('field.request'), internals.requestId, true),
        fact(i18n.t('field.exec'), internals.execId, true),
        fact(i18n.t('field.result'), internals.resultId, true),
        fact(i18n.t('field.subject'), internals.subject, true),
        fact(i18n.t('field.shell'), internals.shell, true),
        fact(i18n.t('field.runAs'), internals.runAs, true),
        fact(i18n.t('field.account'), internals.runAsUser, true),
        fact(i18n.t('field.parked'), internals.parkedWhy),
      ]}
    />
  );
}

/** The gates one by one, and what they saw. */
function Gates({ run, internals }: Inside) {
  const i18n = useI18n();
  if (internals.gates === null) return null;
  const refusedAt = GATES.findIndex(({ reason }) => reason === run.reason);
  const verdict = (place: number) => {
    if (refusedAt === -1 || place < refusedAt) return `✓ ${i18n.t('gate.passed')}`;
    return place === refusedAt ? `✕ ${i18n.t('gate.refused')}` : `– ${i18n.t('gate.notChecked')}`;
  };
  return (
    <>
      <Card title={i18n.t('run.gates')}>
        <Facts
          facts={[
            { name: i18n.t('gate.dedupe'), value: `✓ ${i18n.t('gate.passed')}` },
            ...GATES.map(({ gate }, place) => ({ name: i18n.t(`gate.${gate}`), value: verdict(place) })),
          ]}
        />
      </Card>
      <Card title={i18n.t('gate.saw')}>
        <Facts facts={gateFacts(internals.gates, i18n)} />
      </Card>
    </>
  );
}

/** Only a result that could not be delivered can be sent again. */
function Resend({ run, internals }: Inside) {
  const i18n = useI18n();
  const { client } = useStore();
  const offers = useOffers();
  const [said, setSaid] = useState<'sent' | 'failed' | null>(null);
  const { resultId } = internals;
  if (!run.parked || resultId === null || !offers.has('outbox.resend')) {
    return said === 'sent' ? <span role="status">{i18n.t('run.resent')}</span> : null;
  }
  const resend = async () => setSaid((await client.ask('outbox.resend', { resultId })).ok ? 'sent' : 'failed');
  return (
    <>
      <Button appearance="primary" onClick={() => void resend()}>
        {i18n.t('run.resend')}
      </Button>
      <span role="status">{said === 'failed' ? i18n.t('run.notResent') : ''}</span>
    </>
  );
}

interface Copied {
  readonly stdout: string;
  readonly stderr: string;
  readonly shortened: boolean;
}

async function outputs(client: WindowClient, run: number, i18n: I18n): Promise<Copied | null> {
  const leftOut = (n: number) => i18n.t('run.output.leftOut', { n });
  const [stdout, stderr] = await Promise.all([
    outputToCopy(client, { run, stream: 'stdout' }, leftOut),
    outputToCopy(client, { run, stream: 'stderr' }, leftOut),
  ]);
  if (stdout === null || stderr === null) return null;
  return {
    stdout: stdout.text,
    stderr: stderr.text,
    shortened: stdout.leftOutChars + stderr.leftOutChars > 0,
  };
}

async function asJson(client: WindowClient, { run }: Inside, i18n: I18n): Promise<Copy | null> {
  const copied = await outputs(client, run.run, i18n);
  if (copied === null) return null;
  const { stdout, stderr, shortened } = copied;
  return { text: JSON.stringify({ ...run, stdout, stderr }, null, 2), shortened };
}

async function asText(
  client: WindowClient,
  { run, internals }: Inside,
  i18n: I18n,
  begins: Claims['begins'],
): Promise<Copy | null> {
  const copied = await outputs(client, run.run, i18n);
  if (copied === null) return null;
  const said = describeRun(run, i18n, Date.now(), begins);
  const iso = (ms: number | null) => (ms === null ? '–' : new Date(ms).toISOString());
  const text = [
    `${taskName(run, i18n)}: ${said.title}`,
    i18n.join(said.body, said.changed),
    `${i18n.t('run.reason')}: ${run.reason ?? run.state}  ${i18n.t('run.exit')}: ${run.exitCode ?? '–'}`,
    `${i18n.t('run.received')}: ${iso(run.receivedAtMs)}`,
    `${i18n.t('run.finished')}: ${iso(run.finishedAtMs)}`,
    `${i18n.t('run.delivered')}: ${iso(run.deliveredAtMs)}`,
    `${i18n.t('field.request')}: ${internals.requestId ?? '–'}`,
    `${i18n.t('field.result')}: ${internals.resultId ?? '–'}`,
    `--- ${i18n.t('run.stdout')} ---`,
    copied.stdout,
    `--- ${i18n.t('run.stderr')} ---`,
    copied.stderr,
  ].join('\n');
  return { text, shortened: copied.shortened };
}
