/** On every screen but its own: that the helpdesk's view is open, for how long still, and the way to end it; and that it has ended. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { EVERY_SECOND_MS, useI18n, useNow, useStore, useWindowState } from '../data/hooks.ts';
import type { WindowState } from '../data/store.ts';
import { focusContent } from './content-focus.ts';
import { TextLink } from './text-link.tsx';

const useStyles = makeStyles({
  strip: {
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke1}`,
    borderTop: `3px solid ${tokens.colorCompoundBrandStroke}`,
  },
  inner: {
    boxSizing: 'border-box',
    maxWidth: '808px',
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: '2px 16px',
    padding: '4px 24px',
    fontVariantNumeric: 'tabular-nums',
    '@media (max-width: 560px)': { padding: '4px 16px' },
    '@media (max-width: 400px)': { padding: '4px 12px' },
  },
  text: { flex: '1 1 200px', minWidth: 0 },
  time: { flexGrow: 1, color: tokens.colorNeutralForeground2 },
});

export function HelpdeskStrip() {
  const untilMs = useWindowState(({ status }) => status?.helpdesk.unlockedUntilMs ?? null);
  const lost = useWindowState((state) => state.lost);
  const here = useWindowState(({ route }) => route.screen === 'helpdesk');
  const ended = useWindowState(({ viewEnded }) => viewEnded);
  if (lost) return null;
  if (untilMs === null) return ended === null ? null : <Ended ended={ended} />;
  return here ? null : <Strip untilMs={untilMs} />;
}

function Ended({ ended }: { readonly ended: NonNullable<WindowState['viewEnded']> }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { closeViewEnded } = useStore();
  const close = () => {
    closeViewEnded();
    focusContent();
  };
  return (
    <aside className={styles.strip} aria-label={i18n.t('support.helpdesk')}>
      <div className={styles.inner}>
        <span className={styles.text}>{i18n.t(`support.helpdesk.ended.${ended}`)}</span>
        <Button size="small" onClick={close}>
          {i18n.t('window.close')}
        </Button>
      </div>
    </aside>
  );
}

function Strip({ untilMs }: { readonly untilMs: number }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { client, go } = useStore();
  const nowMs = useNow(EVERY_SECOND_MS);
  return (
    <aside className={styles.strip} aria-label={i18n.t('support.helpdesk')}>
      <div className={styles.inner}>
        <TextLink onClick={() => go({ screen: 'helpdesk' })}>{i18n.t('support.helpdesk.on')}</TextLink>
        <span className={styles.time}>
          {i18n.t('support.helpdesk.ends', { t: i18n.duration(Math.max(0, untilMs - nowMs)) })}
        </span>
        <Button size="small" onClick={() => void client.ask('helpdesk.lock', {}).then(focusContent)}>
          {i18n.t('support.helpdesk.end')}
        </Button>
      </div>
    </aside>
  );
}
