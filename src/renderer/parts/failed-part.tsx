/** Said in the place of what can't be shown. */
import { useI18n, useWindowState } from '../data/hooks.ts';
import { Notice } from './notice.tsx';

/** Nothing where the window is lost: that is said once, above. */
export function FailedPart() {
  const i18n = useI18n();
  const lost = useWindowState((state) => state.lost);
  return lost ? null : <Notice kind="error" title={i18n.t('window.failed')} />;
}
