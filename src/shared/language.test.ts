import { expect, test } from 'vitest';
import type { Preferences } from './app-shell-contract.ts';
import { chosenLanguage, type LanguageChoice } from './language.ts';

type Choice = Preferences['language'];

const it = (language: Choice, languageLocked: boolean) => ({ language, languageLocked });
const choice = (ui: LanguageChoice['ui'], chosen: Choice, systemLanguage: 'en' | 'ja') => ({
  ui,
  preferences: { language: chosen },
  systemLanguage,
});

test.each<[string, LanguageChoice, string]>([
  ['a policy before the person', choice(it('ja', true), 'en', 'en'), 'ja'],
  ['a policy that leaves it to the system before the person', choice(it('auto', true), 'ja', 'en'), 'en'],
  ['the person before what IT proposes', choice(it('ja', false), 'en', 'ja'), 'en'],
  ['what IT proposes before the system', choice(it('ja', false), 'auto', 'en'), 'ja'],
  ['the system where nobody says anything', choice(it('auto', false), 'auto', 'ja'), 'ja'],
  ['the person before the system where IT was never heard of', choice(null, 'en', 'ja'), 'en'],
])('%s', (_name, made, language) => {
  expect(chosenLanguage(made)).toBe(language);
});
