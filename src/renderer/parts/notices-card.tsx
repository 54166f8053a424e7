/** For the helpdesk: what lies behind the sentences of Status, with subjects, paths and reasons. */
import { undelivered } from '../../shared/troubles.ts';
import { useWindowState, useWords } from '../data/hooks.ts';
import { Card } from './card.tsx';
import { type Fact, Facts } from './facts.tsx';

/** Absent where nothing is wrong. */
export function NoticesCard() {
  const words = useWords();
  const status = useWindowState((state) => state.status);
  if (status === null) return null;
  const { forbidden, log } = status.notices;
  const waits = undelivered(status);
  const facts: Fact[] = [];
  if (waits !== null) facts.push({ name: words.say('support.notices.undelivered'), value: waits.why });
  if (log !== null) {
    facts.push({ name: words.say('support.notices.log'), value: <Lines texts={[log.path, log.why]} /> });
  }
  if (forbidden !== null) {
    const { count, subjects } = forbidden;
    const shown = subjects ?? [];
    const more = count > shown.length ? words.say('support.notices.more', { n: count - shown.length }) : null;
    facts.push({ name: words.say('support.notices.forbidden'), value: <Lines texts={[...shown, more]} /> });
  }
  if (facts.length === 0) return null;
  return (
    <Card title={words.say('support.notices')}>
      <Facts facts={facts} />
    </Card>
  );
}

function Lines({ texts }: { readonly texts: readonly (string | null)[] }) {
  return texts.map((text) => text !== null && <div key={text}>{text}</div>);
}
