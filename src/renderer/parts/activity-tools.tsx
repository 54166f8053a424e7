/** Which tasks the list shows. */
import { Button, Input, makeStyles, Select } from '@fluentui/react-components';
import { OUTCOME_GROUPS, type OutcomeGroup } from '../../shared/outcome-group-names.ts';
import { useI18n, useWindowState } from '../data/hooks.ts';
import { SEARCH_MARK } from './keys.tsx';

const useStyles = makeStyles({
  tools: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'center', marginBottom: '8px' },
  search: { flexGrow: 1, minWidth: '140px', maxWidth: '320px' },
});

export interface Choices {
  readonly group: OutcomeGroup | null;
  /** When the day began; null: any. */
  readonly dayMs: number | null;
  readonly search: string;
  /** Where the list was scrolled to. */
  readonly offset: number;
}

interface ToolsProps {
  readonly choices: Choices;
  readonly onChange: (choices: Choices) => void;
}

export function ActivityTools({ choices, onChange }: ToolsProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const helpdesk = useWindowState(({ status }) => status !== null && status.helpdesk.unlockedUntilMs !== null);
  return (
    <search className={styles.tools}>
      <Select
        aria-label={i18n.t('activity.filter')}
        value={choices.group ?? 'all'}
        onChange={(_, { value }) =>
          onChange({ ...choices, group: value === 'all' ? null : (value as OutcomeGroup), offset: 0 })
        }
      >
        <option value="all">{i18n.t('activity.filter.all')}</option>
        {OUTCOME_GROUPS.map((group) => (
          <option key={group} value={group}>
            {i18n.t(`group.${group}`)}
          </option>
        ))}
      </Select>
      <Input
        type="search"
        {...SEARCH_MARK}
        className={styles.search}
        aria-label={i18n.t('activity.search')}
        placeholder={i18n.t(helpdesk ? 'activity.search.helpdesk' : 'activity.search.hint')}
        value={choices.search}
        maxLength={200}
        onChange={(_, { value }) => onChange({ ...choices, search: value, offset: 0 })}
      />
      {choices.dayMs !== null && (
        <Button onClick={() => onChange({ ...choices, dayMs: null, offset: 0 })}>{i18n.t('activity.day.any')}</Button>
      )}
    </search>
  );
}
