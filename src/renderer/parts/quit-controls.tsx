/** Taking the icon away, and stopping the management of the PC: each only where IT allows it. */
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DialogTrigger,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useI18n, useStore, useWindowState } from '../data/hooks.ts';

const useStyles = makeStyles({
  hint: { margin: '4px 0 0', fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
});

export function QuitControls() {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const appShell = useWindowState((state) => state.appShell);
  const mayQuit = appShell?.offers.includes('shell.quitIcon') && (appShell.ui?.allowQuitTray ?? false);
  const mayStop = appShell?.offers.includes('shell.stopManagement') && (appShell.ui?.allowStopAgent ?? false);
  return (
    <>
      {mayQuit && (
        <div>
          <Button onClick={() => void client.ask('shell.quitIcon', {})}>{i18n.t('prefs.quit')}</Button>
          <p className={styles.hint}>{i18n.t('prefs.quit.hint')}</p>
        </div>
      )}
      {mayStop && (
        <Dialog modalType="alert">
          <DialogTrigger disableButtonEnhancement>
            <Button>{i18n.t('prefs.stop')}</Button>
          </DialogTrigger>
          <DialogSurface>
            <DialogBody>
              <DialogTitle>{i18n.t('prefs.stop.title')}</DialogTitle>
              <DialogContent>{i18n.t('prefs.stop.body')}</DialogContent>
              <DialogActions>
                <DialogTrigger disableButtonEnhancement>
                  <Button>{i18n.t('window.cancel')}</Button>
                </DialogTrigger>
                <Button appearance="primary" onClick={() => void client.ask('shell.stopManagement', {})}>
                  {i18n.t('prefs.stop.confirm')}
                </Button>
              </DialogActions>
            </DialogBody>
          </DialogSurface>
        </Dialog>
      )}
    </>
  );
}
