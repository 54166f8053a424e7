/** Grey rows in place of what is being read; nothing at all for a wait that is hardly one (ui §6). */
import { makeStyles, Skeleton, SkeletonItem } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { useI18n } from '../data/hooks.ts';

const SHOWN_AFTER_MS = 300;

const useStyles = makeStyles({ row: { display: 'grid', rowGap: '20px', paddingTop: '12px' } });

export function Loading({ rows }: { readonly rows: number }) {
  const styles = useStyles();
  const i18n = useI18n();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), SHOWN_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!shown) return null;
  return (
    <Skeleton aria-label={i18n.t('window.loading')} className={styles.row}>
      {Array.from({ length: rows }, (_, row) => `row ${row}`).map((key) => (
        <SkeletonItem key={key} size={24} />
      ))}
    </Skeleton>
  );
}
