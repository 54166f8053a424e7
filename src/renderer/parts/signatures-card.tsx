/** For the helpdesk: how many messages had which signature, so that it can be told what requiring them would have refused. */
import { SIGNATURE_STATES } from '../../shared/signatures.ts';
import { useI18n, useQuery, useWindowState } from '../data/hooks.ts';
import { Card } from './card.tsx';
import { type Fact, Facts } from './facts.tsx';

/** Absent where nobody looks at signatures and none came in an envelope. */
export function SignaturesCard() {
  const i18n = useI18n();
  const counters = useWindowState(({ status }) => status?.counters ?? null);
  const { data } = useQuery('about.capabilities', {}, 'agentConnection');
  if (counters === null || data === null || data.facts === null) return null;
  const mode = data.facts.signatures;
  const countOf = (name: string) => counters[`signature_${name}`] ?? 0;
  const bad = SIGNATURE_STATES.flatMap((state) => (state === 'ok' || countOf(state) === 0 ? [] : [state]));
  if (mode === 'off' && bad.length === 0 && countOf('ok') === 0) return null;
  const n = (count: number) => i18n.number(count);
  const facts: Fact[] = [
    { name: i18n.t('signatures.mode'), value: i18n.t(`signatures.mode.${mode}`) },
    { name: i18n.t('signatures.ok'), value: n(countOf('ok')) },
    {
      name: i18n.t('signatures.bad'),
      value:
        bad.length === 0
          ? n(0)
          : bad.map((state) => (
              <div key={state}>
                {i18n.t('signatures.count', { n: n(countOf(state)), what: i18n.t(`signatures.${state}`) })}
              </div>
            )),
    },
    { name: i18n.t('signatures.refused'), value: n(countOf('refused')) },
  ];
  return (
    <Card title={i18n.t('signatures.title')}>
      <Facts facts={facts} />
    </Card>
  );
}
