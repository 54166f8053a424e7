/** The end of what a running script has written, once a second while it can be seen. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import type { RunTail } from '../../shared/run-view.ts';
import { readableText } from '../../shared/terminal-text.ts';
import { EVERY_SECOND_MS, useI18n, useStore } from '../data/hooks.ts';
import { Card } from './card.tsx';

const useStyles = makeStyles({
  text: {
    maxHeight: '240px',
    margin: 0,
    overflow: 'auto',
    display: 'flex',
    flexDirection: 'column-reverse',
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    unicodeBidi: 'plaintext',
  },
});

export function LiveOutput({ run }: { readonly run: number }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const [tail, setTail] = useState<RunTail | null>(null);
  useEffect(() => {
    let ended = false;
    const ask = async () => {
      if (document.visibilityState !== 'visible') return;
      const answer = await client.ask('runs.tail', { run });
      if (!ended && answer.ok) setTail(answer.value);
    };
    void ask();
    const timer = setInterval(() => void ask(), EVERY_SECOND_MS);
    return () => {
      ended = true;
      clearInterval(timer);
    };
  }, [client, run]);
  const text = tail === null ? '' : readableText(tail.stdout + tail.stderr);
  return (
    <Card title={i18n.t('run.output.live')}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <section className={styles.text} tabIndex={0} aria-label={i18n.t('run.stdout')}>
        <span>{text === '' ? i18n.t('run.output.notYet') : text}</span>
      </section>
    </Card>
  );
}
