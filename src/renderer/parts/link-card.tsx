/** For the helpdesk: how the connection was, as a line of parts as long as they took, and in words below it. */
import { makeStyles, mergeClasses, Select, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import {
  type LinkPart,
  type LinkStretch,
  linkAbsences,
  linkLine,
  linkParts,
  linkShare,
} from '../../shared/describe-link.ts';
import { LOOK_BACK_MS } from '../../shared/helpdesk-limits.ts';
import type { LinkHistoryView } from '../../shared/helpdesk-view.ts';
import { EVERY_MINUTE_MS, useI18n, useNow } from '../data/hooks.ts';
import type { Asked } from '../data/inside.ts';
import { InsideCard } from './inside-card.tsx';

const RANGES = { day: 86_400_000, week: LOOK_BACK_MS } as const;
type Range = keyof typeof RANGES;
const SHOWN_ABSENCES = 10;
/** Each is seen, also in the narrowest window. */
const SLOTS = 180;

const useStyles = makeStyles({
  range: { maxWidth: '220px', marginBottom: '12px' },
  bar: {
    display: 'flex',
    height: '20px',
    minWidth: 0,
    borderRadius: '3px',
    overflow: 'hidden',
    border: `1px solid ${tokens.colorNeutralStrokeAccessible}`,
  },
  part: { boxSizing: 'border-box', minWidth: 0 },
  connected: {
    backgroundColor: tokens.colorCompoundBrandBackground,
    '@media (forced-colors: active)': { backgroundColor: 'CanvasText', forcedColorAdjust: 'none' },
  },
  away: {
    backgroundColor: tokens.colorNeutralBackground1,
    backgroundImage: `repeating-linear-gradient(135deg, transparent 0 3px, ${tokens.colorNeutralForeground1} 3px 4px)`,
    '@media (forced-colors: active)': {
      forcedColorAdjust: 'none',
      backgroundColor: 'Canvas',
      backgroundImage: 'repeating-linear-gradient(135deg, transparent 0 3px, CanvasText 3px 4px)',
    },
  },
  unknown: { backgroundColor: tokens.colorNeutralBackground1 },
  ends: {
    display: 'flex',
    justifyContent: 'space-between',
    gap: '12px',
    marginTop: '2px',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    fontVariantNumeric: 'tabular-nums',
  },
  legend: { display: 'flex', flexWrap: 'wrap', gap: '4px 20px', listStyleType: 'none', margin: '8px 0', padding: 0 },
  entry: { display: 'inline-flex', alignItems: 'center', gap: '8px' },
  swatch: {
    width: '18px',
    height: '12px',
    flexShrink: 0,
    borderRadius: '3px',
    border: `1px solid ${tokens.colorNeutralStrokeAccessible}`,
  },
  text: { margin: '0 0 4px' },
  list: { margin: '4px 0 0', paddingInlineStart: '20px', overflowWrap: 'anywhere', fontVariantNumeric: 'tabular-nums' },
  quiet: { margin: '4px 0 0', color: tokens.colorNeutralForeground2 },
});

export function LinkCard({ link }: { readonly link: Asked<LinkHistoryView> }) {
  const styles = useStyles();
  const i18n = useI18n();
  const [range, setRange] = useState<Range>('day');
  return (
    <InsideCard title={i18n.t('helpdesk.link')} asked={link}>
      {(history) => (
        <>
          <Select
            className={styles.range}
            aria-label={i18n.t('helpdesk.link.range')}
            value={range}
            onChange={(_, { value }) => setRange(value === 'week' ? 'week' : 'day')}
          >
            <option value="day">{i18n.t('helpdesk.link.day')}</option>
            <option value="week">{i18n.t('helpdesk.link.week')}</option>
          </Select>
          <Line parts={linkParts(history, history.nowMs - RANGES[range])} />
        </>
      )}
    </InsideCard>
  );
}

function Line({ parts }: { readonly parts: readonly LinkPart[] }) {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const [first, last] = [parts[0], parts.at(-1)];
  const absences = linkAbsences(parts, i18n, nowMs);
  const more = absences.length - SHOWN_ABSENCES;
  return (
    <>
      <div className={styles.bar} aria-hidden="true" data-link-line="">
        {drawn(parts).map(({ kind, slots, at }) => (
          <div
            key={at}
            className={mergeClasses(styles.part, styles[kind])}
            style={{ flexGrow: slots, flexBasis: 0 }}
            data-part={kind}
          />
        ))}
      </div>
      {first !== undefined && last !== undefined && (
        <div className={styles.ends} aria-hidden="true">
          <span>{i18n.moment(first.fromMs, nowMs)}</span>
          <span>{i18n.moment(last.untilMs, nowMs)}</span>
        </div>
      )}
      <ul className={styles.legend} aria-hidden="true">
        {(['connected', 'away', 'unknown'] as const).map((kind) => (
          <li key={kind} className={styles.entry}>
            <span className={mergeClasses(styles.swatch, styles[kind])} />
            {i18n.t(`helpdesk.link.${kind}`)}
          </li>
        ))}
      </ul>
      <p className={styles.text}>{linkShare(parts, i18n)}</p>
      {absences.length === 0 && <p className={styles.quiet}>{i18n.t('helpdesk.link.none')}</p>}
      {absences.length > 0 && (
        <ul className={styles.list} aria-label={i18n.t('helpdesk.link.list')}>
          {absences.slice(0, SHOWN_ABSENCES).map(({ fromMs, said }) => (
            <li key={fromMs}>{said}</li>
          ))}
        </ul>
      )}
      {more > 0 && <p className={styles.quiet}>{i18n.t('helpdesk.more', { n: more })}</p>}
    </>
  );
}

/** With the slot at which each begins. */
function drawn(parts: readonly LinkPart[]): (LinkStretch & { readonly at: number })[] {
  let at = 0;
  return linkLine(parts, SLOTS).map((stretch) => {
    const begins = at;
    at += stretch.slots;
    return { ...stretch, at: begins };
  });
}
