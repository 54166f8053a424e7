/** The lower half of a run's detail: what the helpdesk needs to tell why. */
import { Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { gateFacts } from '../../shared/describe-gates.ts';
import { describeRun, taskName } from '../../shared/describe-run.ts';
import { GATES } from '../../shared/outcomes.ts';
import type { RunDetail, RunInternals } from '../../shared/run-view.ts';
import type { Words } from '../../shared/words/words.ts';
import { useOffers, useStore, useWords } from '../data/hooks.ts';
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
  const words = useWords();
  const { client } = useStore();
  return (
    <>
      <h2 className={styles.title}>{words.say('run.helpdesk')}</h2>
      <Card title={words.say('run.technical')}>
        <Technical run={run} internals={internals} />
        <div className={styles.buttons}>
          <CopyButton label={words.say('run.copyText')} text={() => asText(client, { run, internals }, words)} />
          <CopyButton label={words.say('run.copyJson')} text={() => asJson(client, { run, internals }, words)} />
          <Resend run={run} internals={internals} />
        </div>
      </Card>
      <Gates run={run} internals={internals} />
    </>
  );
}

function Technical({ run, internals }: Inside) {
  const styles = useStyles();
  const words = useWords();
  const fact = (name: string, value: string | number | null, mono = false) =>
    value === null ? null : { name, value: <span className={mergeClasses(mono && styles.mono)}>{value}</span> };
  return (
    <Facts
      facts={[
        fact(words.say('run.reason'), run.reason ?? run.state, true),
        fact(words.say('run.exit'), run.exitCode, true),
        fact(words.say('field.detail'), internals.detail),
        fact(words.say('field.manifest'), internals.manifestId, true),
        fact(words.say('field.version'), internals.version, true),
        fact(words.say('field.request'), internals.requestId, true),
        fact(words.say('field.exec'), internals.execId, true),
        fact(words.say('field.result'), internals.resultId, true),
        fact(words.say('field.subject'), internals.subject, true),
        fact(words.say('field.shell'), internals.shell, true),
        fact(words.say('field.runAs'), internals.runAs, true),
        fact(words.say('field.account'), internals.runAsUser, true),
        fact(words.say('field.parked'), internals.parkedWhy),
      ]}
    />
  );
}

/** The gates one by one, and what they saw. */
function Gates({ run, internals }: Inside) {
  const words = useWords();
  if (internals.gates === null) return null;
  const refusedAt = GATES.findIndex(({ reason }) => reason === run.reason);
  const verdict = (place: number) => {
    if (refusedAt === -1 || place < refusedAt) return `✓ ${words.say('gate.passed')}`;
    return place === refusedAt ? `✕ ${words.say('gate.refused')}` : `– ${words.say('gate.notLooked')}`;
  };
  return (
    <>
      <Card title={words.say('run.gates')}>
        <Facts
          facts={[
            { name: words.say('gate.dedupe'), value: `✓ ${words.say('gate.passed')}` },
            ...GATES.map(({ gate }, place) => ({ name: words.say(`gate.${gate}`), value: verdict(place) })),
          ]}
        />
      </Card>
      <Card title={words.say('gate.saw')}>
        <Facts facts={gateFacts(internals.gates, words)} />
      </Card>
    </>
  );
}

/** Only a result that could not be delivered can be sent again. */
function Resend({ run, internals }: Inside) {
  const words = useWords();
  const { client } = useStore();
  const offers = useOffers();
  const [said, setSaid] = useState<'sent' | 'failed' | null>(null);
  const { resultId } = internals;
  if (!run.parked || resultId === null || !offers.has('outbox.resend')) {
    return said === 'sent' ? <span role="status">{words.say('run.resent')}</span> : null;
  }
  const resend = async () => setSaid((await client.ask('outbox.resend', { resultId })).ok ? 'sent' : 'failed');
  return (
    <>
      <Button appearance="primary" onClick={() => void resend()}>
        {words.say('run.resend')}
      </Button>
      <span role="status">{said === 'failed' ? words.say('run.notResent') : ''}</span>
    </>
  );
}

interface Copied {
  readonly stdout: string;
  readonly stderr: string;
  readonly shortened: boolean;
}

async function outputs(client: WindowClient, run: number, words: Words): Promise<Copied | null> {
  const leftOut = (n: number) => words.say('run.output.leftOut', { n });
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

async function asJson(client: WindowClient, { run }: Inside, words: Words): Promise<Copy | null> {
  const copied = await outputs(client, run.run, words);
  if (copied === null) return null;
  const { stdout, stderr, shortened } = copied;
  return { text: JSON.stringify({ ...run, stdout, stderr }, null, 2), shortened };
}

async function asText(client: WindowClient, { run, internals }: Inside, words: Words): Promise<Copy | null> {
  const copied = await outputs(client, run.run, words);
  if (copied === null) return null;
  const said = describeRun(run, words, Date.now());
  const iso = (ms: number | null) => (ms === null ? '–' : new Date(ms).toISOString());
  const text = [
    `${taskName(run, words)}: ${said.title}`,
    words.join(said.body, said.changed),
    `${words.say('run.reason')}: ${run.reason ?? run.state}  ${words.say('run.exit')}: ${run.exitCode ?? '–'}`,
    `${words.say('run.received')}: ${iso(run.receivedAtMs)}`,
    `${words.say('run.finished')}: ${iso(run.finishedAtMs)}`,
    `${words.say('run.delivered')}: ${iso(run.deliveredAtMs)}`,
    `${words.say('field.request')}: ${internals.requestId ?? '–'}`,
    `${words.say('field.result')}: ${internals.resultId ?? '–'}`,
    `--- ${words.say('run.stdout')} ---`,
    copied.stdout,
    `--- ${words.say('run.stderr')} ---`,
    copied.stderr,
  ].join('\n');
  return { text, shortened: copied.shortened };
}
