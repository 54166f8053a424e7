/** Whom to call, beside the sentence that says that something is wrong. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { useI18n, useSupport } from '../data/hooks.ts';
import { ContactLink } from './contact-link.tsx';

const useStyles = makeStyles({
  line: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: '2px 14px',
    margin: '8px 0 0',
    color: tokens.colorNeutralForeground2,
  },
});

/** Absent where there is nobody to call: that is said on Support. */
export function HelpLine() {
  const styles = useStyles();
  const i18n = useI18n();
  const support = useSupport();
  if (support === null) return null;
  const { phone, mail, url } = support;
  if (phone === null && mail === null && url === null) return null;
  return (
    <p className={styles.line} data-help="">
      <span>{i18n.t('support.ask')}</span>
      {phone !== null && <ContactLink id="phone" support={support} label={phone} otherwise={phone} inline />}
      {mail !== null && <ContactLink id="mail" support={support} label={mail} otherwise={mail} inline />}
      {url !== null && (
        <ContactLink id="page" support={support} label={i18n.t('support.page')} otherwise={url} inline />
      )}
    </p>
  );
}
