/** For the helpdesk: how many messages had which signature, so that it can be told what requiring them would have refused. */
import { SIGNATURE_STATES } from '../../shared/signatures.ts';
import { useQuery, useWindowState, useWords } from '../data/hooks.ts';
import { Card } from './card.tsx';
import { type Fact, Facts } from './facts.tsx';

/** Absent where nobody looks at signatures and none came in an envelope. */
export function SignaturesCard() {
  const words = useWords();
  const counters = useWindowState(({ status }) => status?.counters ?? null);
  const { data } = useQuery('about.capabilities', {}, 'attachment');
  if (counters === null || data === null) return null;
  const countOf = (name: string) => counters[`signature_${name}`] ?? 0;
  const bad = SIGNATURE_STATES.flatMap((state) => (state === 'ok' || countOf(state) === 0 ? [] : [state]));
  if (data.signatures === 'off' && bad.length === 0 && countOf('ok') === 0) return null;
  const n = (count: number) => words.number(count);
  const facts: Fact[] = [
    { name: words.say('signatures.mode'), value: words.say(`signatures.mode.${data.signatures}`) },
    { name: words.say('signatures.ok'), value: n(countOf('ok')) },
    {
      name: words.say('signatures.bad'),
      value:
        bad.length === 0
          ? n(0)
          : bad.map((state) => (
              <div key={state}>
                {words.say('signatures.count', { n: n(countOf(state)), what: words.say(`signatures.${state}`) })}
              </div>
            )),
    },
    { name: words.say('signatures.refused'), value: n(countOf('refused')) },
  ];
  return (
    <Card title={words.say('signatures.title')}>
      <Facts facts={facts} />
    </Card>
  );
}
