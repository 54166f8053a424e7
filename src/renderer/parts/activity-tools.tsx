/** Which tasks the list shows, and the way to a day. */
import { Input, makeStyles, Select } from '@fluentui/react-components';
import { OUTCOME_GROUPS, type OutcomeGroup } from '../../shared/outcome-groups.ts';
import { useWindowState, useWords } from '../data/hooks.ts';
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
  const words = useWords();
  const helpdesk = useWindowState(({ status }) => status !== null && status.helpdesk.unlockedUntilMs !== null);
  return (
    <search className={styles.tools}>
      <Select
        aria-label={words.say('activity.filter')}
        value={choices.group ?? 'all'}
        onChange={(_, { value }) =>
          onChange({ ...choices, group: value === 'all' ? null : (value as OutcomeGroup), offset: 0 })
        }
      >
        <option value="all">{words.say('activity.filter.all')}</option>
        {OUTCOME_GROUPS.map((group) => (
          <option key={group} value={group}>
            {words.say(`group.${group}`)}
          </option>
        ))}
      </Select>
      <Select
        aria-label={words.say('activity.day')}
        value={choices.day}
        onChange={(_, { value }) => onChange({ ...choices, day: value as DayChoice, offset: 0 })}
      >
        {(['any', 'today', 'yesterday'] as const).map((day) => (
          <option key={day} value={day}>
            {words.say(`activity.day.${day}`)}
          </option>
        ))}
      </Select>
      <Input
        type="search"
        {...SEARCH_MARK}
        className={styles.search}
        aria-label={words.say('activity.search')}
        placeholder={words.say(helpdesk ? 'activity.search.helpdesk' : 'activity.search.hint')}
        value={choices.search}
        maxLength={200}
        onChange={(_, { value }) => onChange({ ...choices, search: value, offset: 0 })}
      />
      {choices.day === 'any' && (
        // biome-ignore lint/a11y/noLabelWithoutControl: the field is in it
        <label className={styles.label}>
          {words.say('activity.day.pick')}
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
