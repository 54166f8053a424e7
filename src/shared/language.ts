/** In which language icon and window speak. */
import type { Preferences } from './app-shell-contract.ts';
import type { Language, UiSettings } from './ui-view.ts';

export interface LanguageChoice {
  /** null: IT was never heard of. */
  readonly ui: Pick<UiSettings, 'language' | 'languageLocked'> | null;
  readonly preferences: Pick<Preferences, 'language'>;
  readonly systemLanguage: Language;
}

/** IT's where a policy says it, else the person's, else what IT proposes, else the system's. */
export function chosenLanguage({ ui, preferences, systemLanguage }: LanguageChoice): Language {
  const byIt = ui?.language ?? 'auto';
  const chosen = ui?.languageLocked || preferences.language === 'auto' ? byIt : preferences.language;
  return chosen === 'auto' ? systemLanguage : chosen;
}
