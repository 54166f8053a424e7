/** Logo, navigation and language, on top of every screen. */
import { Button, makeStyles, mergeClasses, Select, tokens } from '@fluentui/react-components';
import type { Route } from '../../shared/app-shell-contract.ts';
import type { Language } from '../../shared/ui-view.ts';
import { useI18n, useLanguage, useShellOffers, useStore, useWindowState } from '../data/hooks.ts';
import { isUnlocked } from '../data/store.ts';
import { focusContent } from './content-focus.ts';

const SCREENS = ['status', 'activity', 'updates', 'support', 'about'] as const;
/** Each in its own language: whoever can't read the window's has to find theirs. */
const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', ja: '日本語' };

const useStyles = makeStyles({
  header: {
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  // Ends where the content ends.
  inner: {
    boxSizing: 'border-box',
    maxWidth: '808px',
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: '4px 12px',
    padding: '8px 24px',
    '@media (max-width: 560px)': { padding: '4px 16px', columnGap: '8px' },
    '@media (max-width: 480px)': { padding: '2px 12px' },
  },
  skip: {
    position: 'absolute',
    left: '-999px',
    ':focus': { left: '8px', top: '8px', zIndex: 10, padding: '8px', backgroundColor: tokens.colorNeutralBackground1 },
  },
  logo: { height: '28px', maxWidth: '120px', objectFit: 'contain' },
  // The words begin where those of the content begin.
  // Where they need two rows, the language stands beside them.
  nav: {
    flex: '1 1 0',
    minWidth: '200px',
    marginLeft: '-10px',
    '@media (max-width: 560px)': { marginLeft: '-6px' },
    '@media (max-width: 480px)': { marginLeft: '-4px' },
  },
  list: { display: 'flex', flexWrap: 'wrap', gap: '2px', listStyleType: 'none', margin: 0, padding: 0 },
  item: {
    fontWeight: tokens.fontWeightRegular,
    minWidth: 'auto',
    paddingLeft: '10px',
    paddingRight: '10px',
    whiteSpace: 'nowrap',
    '@media (max-width: 560px)': { paddingLeft: '6px', paddingRight: '6px' },
    '@media (max-width: 480px)': { paddingLeft: '4px', paddingRight: '4px' },
  },
  here: {
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground1,
    '::after': {
      content: '""',
      position: 'absolute',
      left: '10px',
      right: '10px',
      '@media (max-width: 560px)': { left: '6px', right: '6px' },
      '@media (max-width: 480px)': { left: '4px', right: '4px' },
      bottom: '0px',
      height: '3px',
      borderRadius: '2px',
      backgroundColor: tokens.colorCompoundBrandStroke,
      '@media (forced-colors: active)': { backgroundColor: 'Highlight' },
    },
  },
  language: {
    minWidth: '96px',
    '@media (max-width: 560px)': {
      minWidth: 'auto',
      '& select': { height: '28px', fontSize: tokens.fontSizeBase200, paddingLeft: '6px', paddingRight: '28px' },
      '& .fui-Select__icon': { right: '6px', paddingRight: 0 },
      '& svg': { fontSize: '16px' },
    },
  },
});

export function Header() {
  const styles = useStyles();
  const i18n = useI18n();
  const { go } = useStore();
  const route = useWindowState((state) => state.route);
  const ui = useWindowState(({ appShell }) => appShell?.ui ?? null);
  const backTo = useWindowState((state) => state.backTo);
  const unlocked = useWindowState(({ status, lost }) => !lost && isUnlocked(status));
  const here = route.screen === 'run' ? backTo : route.screen;
  const screens = unlocked ? ([...SCREENS, 'helpdesk'] as const) : SCREENS;
  return (
    <header className={styles.header}>
      <div className={styles.inner}>
        <button type="button" className={styles.skip} onClick={focusContent}>
          {i18n.t('nav.skip')}
        </button>
        {ui?.logo != null && (
          <img className={styles.logo} src={ui.logo} alt={i18n.t('window.logo', { name: ui.brandName })} />
        )}
        <nav className={styles.nav} aria-label={i18n.t('nav.label')}>
          <ul className={styles.list}>
            {screens.map((screen) => (
              <li key={screen}>
                <Button
                  appearance="subtle"
                  className={mergeClasses(styles.item, screen === here && styles.here)}
                  style={{ position: 'relative' }}
                  aria-current={screen === here ? 'page' : undefined}
                  onClick={() => go({ screen } as Route)}
                >
                  {i18n.t(`nav.${screen}`)}
                </Button>
              </li>
            ))}
          </ul>
        </nav>
        <LanguageChoice />
      </div>
    </header>
  );
}

/** Absent where a policy has decided. */
function LanguageChoice() {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const shown = useLanguage();
  const locked = useWindowState(({ appShell }) => appShell?.ui?.languageLocked ?? false);
  const offered = useShellOffers('shell.setPreferences');
  if (locked || !offered) return null;
  return (
    <Select
      className={styles.language}
      aria-label={i18n.t('prefs.language')}
      value={shown}
      onChange={(_, { value }) => void client.ask('shell.setPreferences', { language: value === 'ja' ? 'ja' : 'en' })}
    >
      {(['en', 'ja'] as const).map((language) => (
        <option key={language} value={language} lang={language}>
          {LANGUAGE_NAMES[language]}
        </option>
      ))}
    </Select>
  );
}
