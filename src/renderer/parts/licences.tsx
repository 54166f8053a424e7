/** The licences of what ships with the product; loaded only when somebody wants to read them. */
import type { Licence } from 'virtual:licences';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../data/hooks.ts';

const useStyles = makeStyles({
  surface: { maxWidth: '720px' },
  list: { maxHeight: '60vh', overflow: 'auto' },
  text: {
    whiteSpace: 'pre-wrap',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
  },
});

export function Licences({ children }: { readonly children: (show: () => void) => ReactNode }) {
  const styles = useStyles();
  const i18n = useI18n();
  const [licences, setLicences] = useState<readonly Licence[] | null>(null);
  const show = async () => setLicences((await import('virtual:licences')).licences);
  return (
    <>
      {children(() => void show())}
      <Dialog open={licences !== null} onOpenChange={(_, { open }) => !open && setLicences(null)}>
        <DialogSurface className={styles.surface}>
          <DialogBody>
            <DialogTitle>{i18n.t('about.licences')}</DialogTitle>
            <DialogContent className={styles.list} tabIndex={0}>
              <p>{i18n.t('about.licences.intro')}</p>
              {licences?.map(({ name, version, licence, text }) => (
                <details key={`${name}@${version}`}>
                  <summary>
                    {name} {version} – {licence}
                  </summary>
                  <div className={styles.text}>{text}</div>
                </details>
              ))}
            </DialogContent>
            <DialogActions>
              <Button onClick={() => setLicences(null)}>{i18n.t('window.close')}</Button>
            </DialogActions>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    </>
  );
}
