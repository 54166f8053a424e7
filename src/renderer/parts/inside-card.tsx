/** A card of the helpdesk's screen: what the agent answered, grey rows until then, or that it can't be read. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useI18n } from '../data/hooks.ts';
import type { Asked } from '../data/inside.ts';
import { Card } from './card.tsx';
import { Loading } from './loading.tsx';

const useStyles = makeStyles({ quiet: { margin: 0, color: tokens.colorNeutralForeground2 } });

interface InsideCardProps<T> {
  readonly title: string;
  readonly asked: Asked<T>;
  readonly children: (data: T) => ReactNode;
}

export function InsideCard<T>({ title, asked, children }: InsideCardProps<T>) {
  const styles = useStyles();
  const i18n = useI18n();
  const { data, fault } = asked;
  return (
    <Card title={title}>
      {data !== null && children(data)}
      {data === null && fault === null && <Loading rows={2} />}
      {fault !== null && <p className={styles.quiet}>{i18n.t('helpdesk.unread')}</p>}
    </Card>
  );
}
