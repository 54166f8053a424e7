/** For the helpdesk: the end of the agent's log, as it is written. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { LogEnd } from '../../shared/helpdesk-view.ts';
import { useI18n } from '../data/hooks.ts';
import type { Asked } from '../data/inside.ts';
import { InsideCard } from './inside-card.tsx';

const useStyles = makeStyles({
  quiet: { margin: '0 0 8px', color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  // Its end is what one sees, and stays so.
  frame: {
    display: 'flex',
    flexDirection: 'column-reverse',
    maxHeight: '320px',
    overflow: 'auto',
    padding: '8px 12px',
    backgroundColor: tokens.colorNeutralBackground3,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  lines: {
    margin: 0,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    unicodeBidi: 'plaintext',
  },
});

export function LogCard({ log }: { readonly log: Asked<LogEnd> }) {
  const i18n = useI18n();
  return (
    <InsideCard title={i18n.t('helpdesk.log')} asked={log}>
      {(end) => <End end={end} />}
    </InsideCard>
  );
}

function End({ end }: { readonly end: LogEnd }) {
  const styles = useStyles();
  const i18n = useI18n();
  switch (end.kind) {
    case 'none':
      return <p className={styles.quiet}>{i18n.t('about.data.noLog')}</p>;
    case 'unread':
      return <p className={styles.quiet}>{i18n.t('helpdesk.log.unread', { path: end.path, why: end.why })}</p>;
    case 'lines':
      return (
        <>
          <p className={styles.quiet}>{i18n.t('helpdesk.log.where', { path: end.path })}</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
          <section className={styles.frame} tabIndex={0} aria-label={i18n.t('helpdesk.log.lines')}>
            <pre className={styles.lines}>
              {end.lines.length === 0 ? i18n.t('helpdesk.log.empty') : end.lines.join('\n')}
            </pre>
          </section>
        </>
      );
  }
}
