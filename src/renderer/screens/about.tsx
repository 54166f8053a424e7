/** What IT can do on this PC, from its real settings; the person's own preferences; what this program is made of. */
import { Button, Field, makeStyles, Radio, RadioGroup, Switch, tokens } from '@fluentui/react-components';
import type { AboutFacts } from '../../shared/about-view.ts';
import { answersOf } from '../../shared/describe-about.ts';
import { useBrandName, useI18n, useQuery, useShellOffers, useStore, useWindowState } from '../data/hooks.ts';
import { Card } from '../parts/card.tsx';
import { Licences } from '../parts/licences.tsx';
import { Loading } from '../parts/loading.tsx';
import { OutcomeIcon } from '../parts/mark.tsx';
import { QuitControls } from '../parts/quit-controls.tsx';
import { ScreenTitle } from '../parts/screen-title.tsx';
import { SendersCard } from '../parts/senders-card.tsx';

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  // Where they don't fit beside one another they go below, each in one line.
  radios: { flexWrap: 'wrap', '& label': { whiteSpace: 'nowrap' } },
  ability: { display: 'flex', gap: '10px', alignItems: 'flex-start', padding: '4px 0' },
  mark: { marginTop: '2px' },
  word: { minWidth: '56px', flexShrink: 0, color: tokens.colorNeutralForeground2 },
  text: { margin: '0 0 4px', overflowWrap: 'anywhere' },
  // In the place of all cards.
  alone: { margin: '0 0 12px', overflowWrap: 'anywhere' },
  caveat: { margin: '8px 0 0', color: tokens.colorNeutralForeground2 },
  fields: { display: 'grid', gap: '12px', justifyItems: 'start' },
});

export function AboutScreen() {
  const styles = useStyles();
  const i18n = useI18n();
  const { data } = useQuery('about.capabilities', {}, 'agentConnection');
  const attached = useWindowState(({ appShell }) => appShell?.agentConnection.state === 'attached');
  return (
    <>
      <ScreenTitle>{i18n.t('about.title')}</ScreenTitle>
      {data === null &&
        (attached ? <Loading rows={4} /> : <p className={styles.alone}>{i18n.t('about.unavailable')}</p>)}
      {data !== null && data.facts === null && <p className={styles.alone}>{i18n.t('about.unknown')}</p>}
      {data !== null && data.facts !== null && <Known about={data.facts} />}
      <Preferences />
      <Program />
    </>
  );
}

function Known({ about }: { readonly about: AboutFacts }) {
  return (
    <>
      <Questions about={about} />
      <Abilities about={about} />
      <SendersCard about={about} />
    </>
  );
}

function Abilities({ about }: { readonly about: AboutFacts }) {
  const styles = useStyles();
  const i18n = useI18n();
  const on = about.scripts;
  const canRun = on && (about.runAsSystem !== 'no' || about.runAsUser);
  const abilities: readonly (readonly [string, boolean])[] = [
    about.runAsSystem === 'as_you'
      ? [i18n.t('about.runSystemAsYou'), on]
      : [i18n.t('about.runSystem'), on && about.runAsSystem === 'system'],
    [i18n.t('about.runUser'), on && about.runAsUser],
    // A script reads whatever the account that it runs with can.
    [i18n.t('about.files'), canRun],
    [i18n.t('about.readLog'), about.readLog],
    [i18n.t('about.inventory'), about.inventory],
    [i18n.t('about.screen'), false],
  ];
  return (
    <Card title={i18n.t('about.intro')}>
      <ul className={styles.list}>
        {abilities.map(([what, can]) => (
          <li key={what} className={styles.ability}>
            <span className={styles.mark}>
              <OutcomeIcon mark={can ? 'done' : 'failed'} tone={can ? 'good' : 'quiet'} />
            </span>
            <span className={styles.word}>{i18n.t(can ? 'about.can' : 'about.cannot')}</span>
            <span>{what}</span>
          </li>
        ))}
      </ul>
      <p className={styles.caveat}>{i18n.t(on ? 'about.caveat' : 'about.off')}</p>
    </Card>
  );
}

/** What people ask, each as a card of its own. */
function Questions({ about }: { readonly about: AboutFacts }) {
  const styles = useStyles();
  const i18n = useI18n();
  const appShell = useWindowState((state) => state.appShell);
  const isTray = useWindowState(({ lastStatus }) => lastStatus?.identity.hosting === 'tray');
  const hosted = isTray && (appShell?.offers.includes('shell.stopManagement') ?? false);
  return answersOf(about, appShell?.ui ?? null, hosted, i18n).map(({ question, answers }) => (
    <Card key={question} title={question} isQuestion>
      {answers.map((answer) => (
        <p key={answer} className={styles.text}>
          {answer}
        </p>
      ))}
    </Card>
  ));
}

/** The person's own choices, each where the app shell can keep it. */
function Preferences() {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const appShell = useWindowState((state) => state.appShell);
  const offered = useShellOffers('shell.setPreferences');
  if (appShell === null || !offered) return null;
  const { preferences, ui } = appShell;
  return (
    <Card title={i18n.t('window.preferences')}>
      <div className={styles.fields}>
        <Field label={i18n.t('prefs.language')} hint={ui?.languageLocked ? i18n.t('prefs.language.locked') : null}>
          <RadioGroup
            className={styles.radios}
            layout="horizontal"
            value={preferences.language}
            disabled={ui?.languageLocked ?? false}
            onChange={(_, { value }) =>
              void client.ask('shell.setPreferences', { language: value as typeof preferences.language })
            }
          >
            <Radio value="auto" label={i18n.t('prefs.language.auto')} />
            <Radio value="en" label="English" />
            <Radio value="ja" label="日本語" />
          </RadioGroup>
        </Field>
        <Field label={i18n.t('prefs.theme')}>
          <RadioGroup
            className={styles.radios}
            layout="horizontal"
            value={preferences.theme}
            onChange={(_, { value }) =>
              void client.ask('shell.setPreferences', { theme: value as typeof preferences.theme })
            }
          >
            <Radio value="system" label={i18n.t('prefs.theme.system')} />
            <Radio value="light" label={i18n.t('prefs.theme.light')} />
            <Radio value="dark" label={i18n.t('prefs.theme.dark')} />
          </RadioGroup>
        </Field>
        {appShell.offers.includes('shell.quitIcon') && (
          <Field hint={i18n.t('prefs.notifications.hint')}>
            <Switch
              checked={preferences.notifications}
              label={i18n.t('prefs.notifications')}
              onChange={(_, { checked }) => void client.ask('shell.setPreferences', { notifications: checked })}
            />
          </Field>
        )}
        <QuitControls />
      </div>
    </Card>
  );
}

function Program() {
  const styles = useStyles();
  const i18n = useI18n();
  const brandName = useBrandName();
  const version = useWindowState(({ lastStatus }) => lastStatus?.identity.agentVersion ?? null);
  return (
    <Card title={i18n.t('about.program')}>
      <p className={styles.text}>
        {brandName}
        {version !== null && ` · ${i18n.t('about.version', { v: version })}`}
      </p>
      <Licences>{(show) => <Button onClick={show}>{i18n.t('about.licences.show')}</Button>}</Licences>
    </Card>
  );
}
