/** What to tell IT about one task: a number to say, and a text to send. */
import { makeStyles } from '@fluentui/react-components';
import { spokenNumber, taskReport } from '../../shared/describe-report.ts';
import type { RunDetail } from '../../shared/run-view.ts';
import { EVERY_MINUTE_MS, useI18n, useNow, usePc, useSupport, useWindowState } from '../data/hooks.ts';
import { Card } from './card.tsx';
import { ContactLink } from './contact-link.tsx';
import { CopyButton } from './copy-button.tsx';
import { HelpLine } from './help-line.tsx';

const useStyles = makeStyles({
  text: { margin: 0, overflowWrap: 'anywhere', fontVariantNumeric: 'tabular-nums' },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: '8px 16px', alignItems: 'center', marginTop: '12px' },
});

interface ReportCardProps {
  readonly run: RunDetail;
  /** Something may be wrong: whom to call stands here too. */
  readonly needed: boolean;
}

export function ReportCard({ run, needed }: ReportCardProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const support = useSupport();
  const pc = usePc();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const userName = useWindowState(({ appShell }) => appShell?.userName ?? '');
  const report = taskReport(run, pc?.name ?? null, userName, i18n, nowMs);
  return (
    <Card title={i18n.t('report.title')}>
      <p className={styles.text}>{i18n.t('report.say', { number: spokenNumber(run.run), pc: pc?.name ?? '–' })}</p>
      {needed && <HelpLine />}
      <div className={styles.buttons}>
        {support !== null && <ContactLink id="mail" support={support} label={i18n.t('report.mail')} draft={report} />}
        <CopyButton label={i18n.t('report.copy')} text={() => `${report.subject}\n\n${report.body}`} />
      </div>
    </Card>
  );
}
