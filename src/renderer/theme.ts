/** Fluent's themes with the type of ui §6, by the person's choice or as the system is. */
import { type Theme, webDarkTheme, webLightTheme } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import type { Language } from '../shared/ui-view.ts';
import { useWindowState } from './data/hooks.ts';

const FONTS: Readonly<Record<Language, string>> = {
  en: "'Segoe UI Variable', 'Segoe UI', 'Noto Sans', system-ui, sans-serif",
  ja: "'Segoe UI Variable', 'Yu Gothic UI', Meiryo, 'Noto Sans JP', 'Noto Sans CJK JP', system-ui, sans-serif",
};

export function useMediaQuery(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const changed = () => setMatches(list.matches);
    changed();
    list.addEventListener('change', changed);
    return () => list.removeEventListener('change', changed);
  }, [query]);
  return matches;
}

export function useTheme(language: Language): Theme {
  const systemDark = useMediaQuery('(prefers-color-scheme: dark)');
  const chosen = useWindowState(({ appShell }) => appShell?.preferences.theme ?? 'system');
  const dark = chosen === 'system' ? systemDark : chosen === 'dark';
  const base = dark ? webDarkTheme : webLightTheme;
  const body = language === 'ja' ? '22px' : '20px';
  return {
    ...base,
    fontFamilyBase: FONTS[language],
    lineHeightBase300: body,
    // In the light theme Fluent's third foreground is just below 4.5:1 on its second background.
    ...(dark ? {} : { colorNeutralForeground3: '#575757' }),
  };
}
