/** Looking for a task by its name, and the way back from one day to all. */
import { Button, Input, makeStyles } from '@fluentui/react-components';
import type { OutcomeGroup } from '../../shared/outcome-group-names.ts';
import { useI18n, useWindowState } from '../data/hooks.ts';
import { LOW, NARROW_AND_HIGH } from '../room.ts';
import { SEARCH_MARK } from './keys.tsx';

const useStyles = makeStyles({
  tools: {
    display: 'flex',
    flexWrap: 'wrap',
    flexGrow: 1,
    gap: '8px',
    alignItems: 'center',
    marginBottom: '12px',
    // Below title and count, which have little room.
    [NARROW_AND_HIGH]: { order: 1, flexBasis: '100%', marginBottom: '8px' },
    [LOW]: { flexBasis: 0, marginBottom: '4px' },
  },
  search: {
    flexGrow: 1,
    minWidth: '140px',
    maxWidth: '320px',
    '@media (max-width: 560px)': { maxWidth: 'none' },
    [LOW]: { minWidth: '110px' },
  },
});

export interface Choices {
  readonly group: OutcomeGroup | null;
  /** When the day began; null: any. */
  readonly dayMs: number | null;
  readonly search: string;
  /** Where the list was scrolled to. */
  readonly offset: number;
  /** The folds that are open, see `Fold.id`. */
  readonly unfolded: ReadonlySet<number>;
}

interface ToolsProps {
  readonly choices: Choices;
  readonly onChange: (changed: Partial<Choices>) => void;
}

export function ActivityTools({ choices, onChange }: ToolsProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const helpdesk = useWindowState(({ status }) => status !== null && status.helpdesk.unlockedUntilMs !== null);
  return (
    <search className={styles.tools}>
      <Input
        type="search"
        {...SEARCH_MARK}
        className={styles.search}
        aria-label={i18n.t('activity.search')}
        placeholder={i18n.t(helpdesk ? 'activity.search.helpdesk' : 'activity.search.hint')}
        value={choices.search}
        maxLength={200}
        onChange={(_, { value }) => onChange({ search: value })}
      />
      {choices.dayMs !== null && (
        <Button onClick={() => onChange({ dayMs: null })}>{i18n.t('activity.day.any')}</Button>
      )}
    </search>
  );
}
