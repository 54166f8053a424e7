/** For the helpdesk: the settings that can't be used, each with its place and what was expected there. */
import { useI18n, useWindowState } from '../data/hooks.ts';
import { Card } from './card.tsx';
import { Facts } from './facts.tsx';

/** Absent where there is none. */
export function FaultsCard() {
  const i18n = useI18n();
  const faults = useWindowState(({ status }) => status?.agent.faults.list ?? null);
  if (faults === null || faults.length === 0) return null;
  return (
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
  );
}
