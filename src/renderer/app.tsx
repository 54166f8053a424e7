/** The frame around the screens: theme, language, navigation, live regions, and what to show when something is missing. */
import { FluentProvider, makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useRef } from 'react';
import type { Route } from '../shared/app-shell-contract.ts';
import { useBrandName, useI18n, useLanguage, useStore, useWindowState } from './data/hooks.ts';
import { Announcer } from './parts/announcer.tsx';
import { ErrorBoundary } from './parts/error-boundary.tsx';
import { Header } from './parts/header.tsx';
import { HelpdeskStrip } from './parts/helpdesk-strip.tsx';
import { useKeptFocus } from './parts/kept-focus.ts';
import { Keys } from './parts/keys.tsx';
import { Notice } from './parts/notice.tsx';
import { LOW } from './room.ts';
import { AboutScreen } from './screens/about.tsx';
import { ActivityScreen } from './screens/activity.tsx';
import { HelpdeskScreen } from './screens/helpdesk.tsx';
import { RunScreen } from './screens/run.tsx';
import { StatusScreen } from './screens/status.tsx';
import { SupportScreen } from './screens/support.tsx';
import { UpdatesScreen } from './screens/updates.tsx';
import { useTheme } from './theme.ts';

const useStyles = makeStyles({
  provider: { height: '100%', backgroundColor: tokens.colorNeutralBackground2 },
  page: {
    display: 'flex',
    flexDirection: 'column',
    height: '100%',
    // Where there is little height, the header goes with the page.
    [LOW]: { display: 'block', overflowY: 'auto' },
  },
  main: { flexGrow: 1, minHeight: 0, overflowY: 'auto', outlineStyle: 'none', [LOW]: { overflowY: 'visible' } },
  content: {
    boxSizing: 'border-box',
    maxWidth: '808px',
    minHeight: '100%',
    padding: '20px 24px 24px',
    '@media (max-width: 560px)': { padding: '16px 16px 20px' },
    '@media (max-width: 400px)': { padding: '12px 12px 16px' },
    [LOW]: { paddingTop: '6px' },
  },
  /** A list fills the height and scrolls by itself. */
  filled: { height: '100%', display: 'flex', flexDirection: 'column', [LOW]: { height: '100vh' } },
});

export function App() {
  const styles = useStyles();
  const language = useLanguage();
  const theme = useTheme(language);
  const brandName = useBrandName();
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = brandName;
  }, [language, brandName]);
  return (
    <FluentProvider theme={theme} className={styles.provider}>
      <div className={styles.page}>
        <Header />
        <HelpdeskStrip />
        <Main />
      </div>
      <Announcer />
      <Keys />
    </FluentProvider>
  );
}

function Main() {
  const styles = useStyles();
  const i18n = useI18n();
  const route = useWindowState((state) => state.route);
  const lost = useWindowState((state) => state.lost);
  const main = useRef<HTMLElement>(null);
  useKeptFocus(main);
  const { go } = useStore();
  const place = JSON.stringify(route);
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new place is what moves the focus
  useEffect(() => {
    if (first.current) first.current = false;
    else main.current?.focus();
    main.current?.scrollTo(0, 0);
    main.current?.parentElement?.scrollTo(0, 0);
  }, [place]);
  const content = route.screen === 'activity' ? `${styles.content} ${styles.filled}` : styles.content;
  return (
    <main id="content" ref={main} tabIndex={-1} className={styles.main} aria-label={i18n.t(`nav.${route.screen}`)}>
      <div className={content}>
        {lost && route.screen !== 'status' && (
          <Notice kind="error" title={i18n.t('health.lost.title')} body={i18n.t('health.lost.body')} help />
        )}
        <ErrorBoundary key={place} i18n={i18n} onTryAgain={() => go({ screen: 'status' })}>
          <Screen route={route} />
        </ErrorBoundary>
      </div>
    </main>
  );
}

function Screen({ route }: { readonly route: Route }) {
  switch (route.screen) {
    case 'status':
      return <StatusScreen />;
    case 'activity':
      return <ActivityScreen route={route} />;
    case 'run':
      return <RunScreen run={route.run} />;
    case 'updates':
      return <UpdatesScreen />;
    case 'support':
      return <SupportScreen />;
    case 'about':
      return <AboutScreen />;
    case 'helpdesk':
      return <HelpdeskScreen />;
  }
}
