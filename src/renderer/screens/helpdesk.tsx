/** What only the helpdesk sees, while its view is open: the window leaves this screen when that ends (`data/store.ts`). */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { helpdeskReport } from '../../shared/describe-helpdesk.ts';
import {
  EVERY_SECOND_MS,
  useI18n,
  useNow,
  usePc,
  useSnapshot,
  useStore,
  useSupport,
  useWindowState,
} from '../data/hooks.ts';
import { type InsideQueries, useInside } from '../data/inside.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { FailuresCard } from '../parts/failures-card.tsx';
import { LinkCard } from '../parts/link-card.tsx';
import { LogCard } from '../parts/log-card.tsx';
import { NoticesCard } from '../parts/notices-card.tsx';
import { ParkedCard } from '../parts/parked-card.tsx';
import { ScreenTitle } from '../parts/screen-title.tsx';
import { SettingsCard } from '../parts/settings-card.tsx';
import { SettingsProblemsCard } from '../parts/settings-problems-card.tsx';
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
  buttons: { display: 'flex', flexWrap: 'wrap', gap: '8px' },
  time: { color: tokens.colorNeutralForeground2 },
});

export function HelpdeskScreen() {
  const i18n = useI18n();
  const untilMs = useWindowState(({ status }) => status?.helpdesk.unlockedUntilMs ?? null);
  if (untilMs === null) return null;
  return (
    <>
      <ScreenTitle>{i18n.t('helpdesk.title')}</ScreenTitle>
      <Inside untilMs={untilMs} />
    </>
  );
}

function Inside({ untilMs }: { readonly untilMs: number }) {
  const inside = useInside();
  return (
    <>
      <Open untilMs={untilMs} inside={inside} />
      <SettingsProblemsCard />
      <NoticesCard />
      <FailuresCard failures={inside.failures} />
      <ParkedCard parked={inside.parked} />
      <LinkCard link={inside.link} />
      <SignaturesCard />
      <LogCard log={inside.log} />
      <SettingsCard settings={inside.settings} />
    </>
  );
}

function Open({ untilMs, inside }: { readonly untilMs: number; readonly inside: InsideQueries }) {
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
      <div className={styles.buttons}>
        <Button onClick={() => void client.ask('helpdesk.lock', {})}>{i18n.t('support.helpdesk.end')}</Button>
        <Report inside={inside} />
      </div>
    </div>
  );
}

/** All that the screen shows, the schedules and the hardware, as one text. */
function Report({ inside }: { readonly inside: InsideQueries }) {
  const i18n = useI18n();
  const snapshot = useSnapshot();
  const pc = usePc();
  const support = useSupport();
  const userName = useWindowState(({ appShell }) => appShell?.userName ?? '');
  if (snapshot === null) return null;
  const { failures, link, parked, settings, log, schedules } = inside;
  const known = {
    failures: failures.data,
    link: link.data,
    parked: parked.data,
    settings: settings.data,
    log: log.data,
    hardware: support?.hardware ?? null,
    schedules: schedules.data,
  };
  return (
    <CopyButton
      label={i18n.t('helpdesk.report')}
      text={() => helpdeskReport(known, { snapshot, pc, userName, nowMs: Date.now() }, i18n)}
    />
  );
}
