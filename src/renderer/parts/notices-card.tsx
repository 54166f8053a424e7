/** For the helpdesk: what lies behind the sentences of Status, with subjects, paths and reasons. */
import { undelivered } from '../../shared/troubles.ts';
import { useI18n, useWindowState } from '../data/hooks.ts';
import { Card } from './card.tsx';
import { type Fact, Facts } from './facts.tsx';

/** Absent where nothing is wrong. */
export function NoticesCard() {
  const i18n = useI18n();
  const status = useWindowState((state) => state.status);
  if (status === null) return null;
  const { forbidden, log } = status.notices;
  const waits = undelivered(status);
  const facts: Fact[] = [];
  if (waits !== null) facts.push({ name: i18n.t('support.notices.undelivered'), value: waits.why });
  if (log !== null) {
    facts.push({ name: i18n.t('support.notices.log'), value: <Lines texts={[log.path, log.why]} /> });
  }
  if (forbidden !== null) {
    const { count, subjects } = forbidden;
    const shown = subjects ?? [];
    const more = count > shown.length ? i18n.t('support.notices.more', { n: count - shown.length }) : null;
    facts.push({ name: i18n.t('support.notices.forbidden'), value: <Lines texts={[...shown, more]} /> });
  }
  if (facts.length === 0) return null;
  return (
    <Card title={i18n.t('support.notices')}>
      <Facts facts={facts} />
    </Card>
  );
}

function Lines({ texts }: { readonly texts: readonly (string | null)[] }) {
  return texts.map((text) => text !== null && <div key={text}>{text}</div>);
}
