/** Which tasks the list shows, and the way to a day. */
import { Input, makeStyles, Select } from '@fluentui/react-components';
import { OUTCOME_GROUPS, type OutcomeGroup } from '../../shared/outcome-group-names.ts';
import { useI18n, useWindowState } from '../data/hooks.ts';
import { SEARCH_MARK } from './keys.tsx';

const useStyles = makeStyles({
  tools: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'center', marginBottom: '8px' },
  search: { flexGrow: 1, minWidth: '140px', maxWidth: '320px' },
  label: { display: 'inline-flex', flexWrap: 'wrap', alignItems: 'center', gap: '4px 8px' },
  day: { width: '150px' },
});

export type DayChoice = 'any' | 'today' | 'yesterday';

export interface Choices {
  readonly group: OutcomeGroup | null;
  readonly day: DayChoice;
  readonly search: string;
  /** Where the list was scrolled to. */
  readonly offset: number;
}

interface ToolsProps {
  readonly choices: Choices;
  readonly onChange: (choices: Choices) => void;
  readonly onDay: (endOfDayMs: number) => void;
}

export function ActivityTools({ choices, onChange, onDay }: ToolsProps) {
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
      <Select
        aria-label={i18n.t('activity.day')}
        value={choices.day}
        onChange={(_, { value }) => onChange({ ...choices, day: value as DayChoice, offset: 0 })}
      >
        {(['any', 'today', 'yesterday'] as const).map((day) => (
          <option key={day} value={day}>
            {i18n.t(`activity.day.${day}`)}
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
      {choices.day === 'any' && (
        // biome-ignore lint/a11y/noLabelWithoutControl: the field is in it
        <label className={styles.label}>
          {i18n.t('activity.day.pick')}
          <Input
            className={styles.day}
            type="date"
            onChange={(_, { value }) => {
              const endOfDay = new Date(`${value}T23:59:59.999`).getTime();
              if (!Number.isNaN(endOfDay)) onDay(endOfDay);
            }}
          />
        </label>
      )}
    </search>
  );
}
