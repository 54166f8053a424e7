/** One stream of a run's output, of any length: the rows on the screen are read, the whole is searched by the agent. */
import { Button, Input, makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useMemo, useState } from 'react';
import type { OutputFound } from '../../shared/run-view.ts';
import { useI18n, useStore } from '../data/hooks.ts';
import { findInOutput, OutputRows, type Stream, type OutputView as View } from '../data/output.ts';
import { SEARCH_MARK } from './keys.tsx';
import { Loading } from './loading.tsx';
import { Notice } from './notice.tsx';
import { OutputLines } from './output-lines.tsx';
import { SaveButton } from './save-button.tsx';

/** A search is asked for when the person has stopped typing for so long. */
const TYPED_MS = 200;

const useStyles = makeStyles({
  tools: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'center', marginTop: '8px' },
  search: { flexGrow: 1, minWidth: '120px', maxWidth: '260px' },
  save: { marginLeft: 'auto' },
  quiet: { color: tokens.colorNeutralForeground2 },
});

interface OutputViewProps {
  readonly run: number;
  readonly stream: Stream;
  readonly label: string;
  /** Where it says why something went wrong. */
  readonly atEnd: boolean;
  /** What was written went with an agent that was ended suddenly. */
  readonly isKnown: boolean;
}

export function OutputView({ run, stream, label, atEnd, isKnown }: OutputViewProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const [view, setView] = useState<View | 'failed' | null>(null);
  const rows = useMemo(() => new OutputRows(client, { run, stream }, setView), [client, run, stream]);
  useEffect(() => {
    void rows.open();
    return () => rows.close();
  }, [rows]);
  const [search, setSearch] = useState('');
  const found = useFound(run, stream, search);
  const [at, setAt] = useState(0);
  if (view === null) return <Loading rows={3} />;
  if (view === 'failed') return <Notice kind="error" title={i18n.t('window.failed')} />;
  if (view.totalRows === 0) {
    return <p className={styles.quiet}>{i18n.t(isKnown ? 'run.output.none' : 'run.output.unknown')}</p>;
  }
  const places = found?.places ?? [];
  const step = (by: number) => setAt((before) => (before + by + places.length) % Math.max(1, places.length));
  return (
    <>
      {view.size.cut && (
        <p className={styles.quiet}>{i18n.t('run.output.cut', { size: i18n.bytes(view.size.totalBytes) })}</p>
      )}
      <div className={styles.tools}>
        <Input
          type="search"
          {...SEARCH_MARK}
          size="small"
          className={styles.search}
          aria-label={i18n.t('run.output.search')}
          placeholder={i18n.t('run.output.search')}
          value={search}
          maxLength={200}
          onChange={(_, { value }) => {
            setSearch(value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
          }}
        />
        <span role="status" className={styles.quiet}>
          {found === null ? '' : foundText(found, at, i18n)}
        </span>
        {places.length > 1 && (
          <>
            <Button size="small" onClick={() => step(-1)}>
              {i18n.t('run.output.previous')}
            </Button>
            <Button size="small" onClick={() => step(1)}>
              {i18n.t('run.output.next')}
            </Button>
          </>
        )}
        <span className={styles.save}>
          <SaveButton run={run} stream={stream} />
        </span>
      </div>
      <OutputLines
        key={`${run} ${stream}`}
        view={view}
        label={label}
        onVisible={(first, last) => rows.setVisible(first, last)}
        atEnd={atEnd}
        search={found === null ? '' : search}
        place={places[at] ?? null}
      />
    </>
  );
}

function foundText({ total, places }: OutputFound, at: number, i18n: ReturnType<typeof useI18n>): string {
  if (total === 0) return i18n.t('run.output.noMatch');
  const which = i18n.t('run.output.place', { at: at + 1, n: total });
  return total > places.length ? i18n.join(which, i18n.t('run.output.first', { n: places.length })) : which;
}

/** null: nothing is searched for, or the answer has not come yet. */
function useFound(run: number, stream: Stream, search: string): OutputFound | null {
  const { client } = useStore();
  const [found, setFound] = useState<OutputFound | null>(null);
  useEffect(() => {
    setFound(null);
    if (search === '') return;
    let current = true;
    const timer = setTimeout(() => {
      void findInOutput(client, { run, stream }, search).then((answer) => {
        if (current) setFound(answer);
      });
    }, TYPED_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [client, run, stream, search]);
  return found;
}
