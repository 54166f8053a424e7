/** One stream of a run's output: read piece by piece, shown as text, searched in what is there. */
import { Button, Input, makeStyles, tokens } from '@fluentui/react-components';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { readableText } from '../../shared/terminal-text.ts';
import { useI18n, useStore } from '../data/hooks.ts';
import { type LoadedOutput, occurrences, readOutput, type Stream } from '../data/output.ts';
import { Loading } from './loading.tsx';
import { Notice } from './notice.tsx';

const MAX_MATCHES = 5_000;

const useStyles = makeStyles({
  text: {
    boxSizing: 'border-box',
    maxHeight: '360px',
    margin: '8px 0',
    padding: '8px 12px',
    overflow: 'auto',
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    color: tokens.colorNeutralForeground1,
    backgroundColor: tokens.colorNeutralBackground3,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    unicodeBidi: 'plaintext',
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  tools: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'center', marginTop: '8px' },
  quiet: { color: tokens.colorNeutralForeground2 },
});

interface OutputViewProps {
  readonly run: number;
  readonly stream: Stream;
  readonly label: string;
}

export function OutputView({ run, stream, label }: OutputViewProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const [output, setOutput] = useState<LoadedOutput | 'failed' | null>(null);
  useEffect(() => {
    let current = true;
    void readOutput(client, run, stream, null).then((read) => {
      if (current) setOutput(read ?? 'failed');
    });
    return () => {
      current = false;
    };
  }, [client, run, stream]);
  if (output === null) return <Loading rows={3} />;
  if (output === 'failed') return <Notice kind="error" title={i18n.t('window.failed')} />;
  if (output.text === '') return <p className={styles.quiet}>{i18n.t('run.output.none')}</p>;
  const more = async () => setOutput((await readOutput(client, run, stream, output)) ?? 'failed');
  return (
    <>
      {output.cut && (
        <p className={styles.quiet}>{i18n.t('run.output.cut', { size: i18n.bytes(output.totalBytes) })}</p>
      )}
      <SearchableText text={output.text} label={label} />
      {output.nextOffsetChars !== null && (
        <div className={styles.tools}>
          <Button onClick={() => void more()}>{i18n.t('run.output.more')}</Button>
          <span className={styles.quiet}>
            {i18n.t('run.output.loaded', {
              size: i18n.bytes(output.text.length),
              all: i18n.bytes(output.keptChars),
            })}
          </span>
        </div>
      )}
    </>
  );
}

function SearchableText({ text, label }: { readonly text: string; readonly label: string }) {
  const styles = useStyles();
  const i18n = useI18n();
  const shown = useMemo(() => readableText(text), [text]);
  const [search, setSearch] = useState('');
  const [at, setAt] = useState(0);
  const wanted = useDeferredValue(search);
  const found = useMemo(() => occurrences(shown, wanted, MAX_MATCHES), [shown, wanted]);
  const pre = useRef<HTMLElement>(null);
  useHighlights(pre, found, wanted.length, at);
  const step = (by: number) => setAt((before) => (before + by + found.length) % Math.max(1, found.length));
  return (
    <>
      <div className={styles.tools}>
        <Input
          type="search"
          size="small"
          aria-label={i18n.t('run.output.search')}
          placeholder={i18n.t('run.output.search')}
          value={search}
          onChange={(_, { value }) => {
            setSearch(value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
          }}
        />
        <span role="status" className={styles.quiet}>
          {wanted === ''
            ? ''
            : found.length === 0
              ? i18n.t('run.output.noMatch')
              : i18n.t('run.output.matches', { n: found.length })}
        </span>
        {found.length > 1 && (
          <>
            <Button size="small" onClick={() => step(-1)}>
              {i18n.t('run.output.previous')}
            </Button>
            <Button size="small" onClick={() => step(1)}>
              {i18n.t('run.output.next')}
            </Button>
          </>
        )}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <section ref={pre} className={styles.text} tabIndex={0} aria-label={label} dir="auto">
        {shown}
      </section>
    </>
  );
}

/** Marks places without touching the text: an output of megabytes stays one node. */
function useHighlights(
  pre: React.RefObject<HTMLElement | null>,
  found: readonly number[],
  length: number,
  at: number,
): void {
  useEffect(() => {
    const node = pre.current?.firstChild;
    if (!node || found.length === 0) return;
    const ranges = found.map((start) => {
      const range = new StaticRange({
        startContainer: node,
        startOffset: start,
        endContainer: node,
        endOffset: start + length,
      });
      return range;
    });
    const current = new Range();
    const start = found[at] ?? 0;
    current.setStart(node, start);
    current.setEnd(node, start + length);
    CSS.highlights.set('found', new Highlight(...ranges));
    CSS.highlights.set('current', new Highlight(current));
    const box = current.getBoundingClientRect();
    const frame = pre.current?.getBoundingClientRect();
    if (frame !== undefined && pre.current !== null && (box.top < frame.top || box.bottom > frame.bottom)) {
      pre.current.scrollTop += box.top - frame.top - frame.height / 3;
    }
    return () => {
      CSS.highlights.delete('found');
      CSS.highlights.delete('current');
    };
  }, [pre, found, length, at]);
}
