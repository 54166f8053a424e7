/** Which outcomes the list shows, and how many tasks there are of each. Their shapes are those of the strip and of the rows. */
import { makeStyles, mergeClasses, ToggleButton, tokens } from '@fluentui/react-components';
import { GROUP_MARKS } from '../../shared/describe-day.ts';
import { type GroupCounts, totalOf } from '../../shared/group-counts.ts';
import { OUTCOME_GROUPS, type OutcomeGroup } from '../../shared/outcome-group-names.ts';
import { useI18n } from '../data/hooks.ts';
import { LOW } from '../room.ts';
import { OutcomeIcon } from './mark.tsx';
import { useRoving } from './roving.ts';

const useStyles = makeStyles({
  chips: {
    display: 'flex',
    flexWrap: 'wrap',
    flexShrink: 0,
    gap: '6px',
    marginBottom: '8px',
    [LOW]: { gap: '2px 4px', marginBottom: '4px' },
  },
  chip: {
    flexShrink: 0,
    minWidth: 'auto',
    whiteSpace: 'nowrap',
    fontWeight: tokens.fontWeightRegular,
    [LOW]: { paddingLeft: '6px', paddingRight: '6px' },
  },
  // What the system puts below it has its own colour for what stands on it.
  chosen: { '@media (forced-colors: active)': { '& svg': { color: 'inherit' }, '& span': { color: 'inherit' } } },
  // In sentences these words are small.
  name: { display: 'inline-block', '::first-letter': { textTransform: 'uppercase' } },
  // All of them, also those of none: what comes and goes would move the list.
  count: {
    marginLeft: '6px',
    minWidth: '2ch',
    [LOW]: { marginLeft: '4px', minWidth: 'auto' },
    textAlign: 'left',
    fontVariantNumeric: 'tabular-nums',
    color: tokens.colorNeutralForeground2,
  },
});

const CHOICES = [null, ...OUTCOME_GROUPS] as const;

interface OutcomeChipsProps {
  readonly chosen: OutcomeGroup | null;
  /** null: not known. */
  readonly counts: GroupCounts | null;
  readonly onChoose: (group: OutcomeGroup | null) => void;
}

export function OutcomeChips({ chosen, counts, onChoose }: OutcomeChipsProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const roving = useRoving(CHOICES.length, CHOICES.indexOf(chosen));
  return (
    <div
      ref={roving.row}
      role="toolbar"
      className={styles.chips}
      aria-label={i18n.t('activity.filter')}
      onKeyDown={roving.onKeyDown}
    >
      {CHOICES.map((group, at) => {
        const n = counts === null ? null : group === null ? totalOf(counts) : counts[group];
        return (
          <ToggleButton
            key={group ?? 'all'}
            className={mergeClasses(styles.chip, group === chosen && styles.chosen)}
            shape="circular"
            size="small"
            checked={group === chosen}
            {...(group === null ? {} : { icon: <OutcomeIcon mark={GROUP_MARKS[group]} size={14} /> })}
            {...roving.stop(at)}
            // The chosen one, chosen again, lets all through.
            onClick={() => onChoose(group === chosen ? null : group)}
          >
            <span className={styles.name}>{i18n.t(group === null ? 'activity.filter.all' : `group.${group}`)}</span>
            {n !== null && <span className={styles.count}>{i18n.number(n)}</span>}
          </ToggleButton>
        );
      })}
    </div>
  );
}
