/** What a task has written, one stream at a time; the script beside it is for the helpdesk. */
import { makeStyles, Tab, TabList } from '@fluentui/react-components';
import { useState } from 'react';
import { outcomeGroup } from '../../shared/outcome-groups.ts';
import type { RunDetail } from '../../shared/run-view.ts';
import { useI18n } from '../data/hooks.ts';
import type { Stream } from '../data/output.ts';
import { Card } from './card.tsx';
import { OutputView } from './output-view.tsx';

const useStyles = makeStyles({
  // In a narrow window below one another.
  tabs: { flexWrap: 'wrap' },
});

interface RunOutputProps {
  readonly run: RunDetail;
  readonly output: NonNullable<RunDetail['output']>;
}

export function RunOutput({ run, output }: RunOutputProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const { stdout, stderr } = output;
  // What went wrong is said at the end, and mostly among the errors.
  const wentWrong = run.reason !== null && outcomeGroup(run.reason) !== 'done';
  const [stream, setStream] = useState<Stream>(
    stderr.totalBytes > 0 && (wentWrong || stdout.totalBytes === 0) ? 'stderr' : 'stdout',
  );
  const streams: readonly Stream[] = run.internals === null ? ['stdout', 'stderr'] : ['stdout', 'stderr', 'script'];
  const shown = streams.includes(stream) ? stream : 'stdout';
  const sized = (name: Stream) => {
    const label = i18n.t(`run.${name}`);
    return name === 'script' ? label : `${label} (${i18n.bytes(output[name].totalBytes)})`;
  };
  return (
    <Card title={i18n.t('run.output')}>
      <TabList
        className={styles.tabs}
        selectedValue={shown}
        onTabSelect={(_, { value }) => setStream(value as Stream)}
        aria-label={i18n.t('run.output')}
      >
        {streams.map((name) => (
          <Tab key={name} value={name} id={`tab-${name}`} aria-controls="output-panel">
            {sized(name)}
          </Tab>
        ))}
      </TabList>
      <div role="tabpanel" id="output-panel" aria-labelledby={`tab-${shown}`}>
        <OutputView
          key={shown}
          run={run.run}
          stream={shown}
          label={i18n.t(`run.${shown}`)}
          atEnd={wentWrong && shown !== 'script'}
          isKnown={shown === 'script' || run.reason !== 'INTERRUPTED'}
        />
      </div>
    </Card>
  );
}
