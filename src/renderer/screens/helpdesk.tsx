/** What only the helpdesk sees, while its view is open: the window leaves this screen when that ends (`data/store.ts`). */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { EVERY_SECOND_MS, useI18n, useNow, useStore, useWindowState } from '../data/hooks.ts';
import { FaultsCard } from '../parts/faults-card.tsx';
import { NoticesCard } from '../parts/notices-card.tsx';
import { ScreenTitle } from '../parts/screen-title.tsx';
import { SettingsCard } from '../parts/settings-card.tsx';
import { SignaturesCard } from '../parts/signatures-card.tsx';

const useStyles = makeStyles({
  open: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: '8px 12px',
    alignItems: 'center',
    marginBottom: '16px',
    fontVariantNumeric: 'tabular-nums',
  },
  time: { color: tokens.colorNeutralForeground2 },
});

export function HelpdeskScreen() {
  const i18n = useI18n();
  const untilMs = useWindowState(({ status }) => status?.helpdesk.unlockedUntilMs ?? null);
  if (untilMs === null) return null;
  return (
    <>
      <ScreenTitle>{i18n.t('helpdesk.title')}</ScreenTitle>
      <Open untilMs={untilMs} />
      <FaultsCard />
      <NoticesCard />
      <SignaturesCard />
      <SettingsCard />
    </>
  );
}

function Open({ untilMs }: { readonly untilMs: number }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const nowMs = useNow(EVERY_SECOND_MS);
  return (
    <div className={styles.open}>
      <span role="status">{i18n.t('support.helpdesk.on')}</span>
      <span className={styles.time}>
        {i18n.t('support.helpdesk.ends', { t: i18n.duration(Math.max(0, untilMs - nowMs)) })}
      </span>
      <Button onClick={() => void client.ask('helpdesk.lock', {})}>{i18n.t('support.helpdesk.end')}</Button>
    </div>
  );
}
