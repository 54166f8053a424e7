/** For the helpdesk: the settings that can't be used, each with its place and what was expected there. */
import { useI18n, useWindowState } from '../data/hooks.ts';
import { Card } from './card.tsx';
import { Facts } from './facts.tsx';

/** Absent where there is none. */
export function SettingsProblemsCard() {
  const i18n = useI18n();
  const problems = useWindowState(({ status }) => status?.agent.faults.list ?? null);
  if (problems === null || problems.length === 0) return null;
  return (
    <Card title={i18n.t('support.problems')}>
      <Facts
        facts={problems.map(({ file, line, key, expected }) => ({
          name: key ?? file,
          value: i18n.list([
            line === null ? file : `${file} (${i18n.t('support.problem.line', { n: line })})`,
            i18n.t('support.problem', { expected }),
          ]),
        }))}
      />
    </Card>
  );
}
