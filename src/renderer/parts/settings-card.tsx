/** For the helpdesk: what the settings are and where each comes from. */
import { useI18n, useQuery } from '../data/hooks.ts';
import { Card } from './card.tsx';
import { Facts } from './facts.tsx';

export function SettingsCard() {
  const i18n = useI18n();
  const { data } = useQuery('config.effective', {}, 'agentConnection');
  if (data === null) return null;
  return (
    <Card title={i18n.t('support.settings')}>
      <Facts
        facts={data.map(({ key, value, source, locked }) => ({
          name: key,
          value: `${value === null ? '–' : String(value)} · ${source}${locked ? ` · ${i18n.t('support.settings.locked')}` : ''}`,
        }))}
      />
    </Card>
  );
}
