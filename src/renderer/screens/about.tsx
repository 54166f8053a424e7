/** What IT can do on this PC, from its real settings; the person's own preferences; what this program is made of. */
import { Button, Field, makeStyles, Radio, RadioGroup, Switch, tokens } from '@fluentui/react-components';
import type { About } from '../../shared/contract.ts';
import { useBrandName, useQuery, useStore, useWindowState, useWords } from '../data/hooks.ts';
import { Card } from '../parts/card.tsx';
import { Licences } from '../parts/licences.tsx';
import { Loading } from '../parts/loading.tsx';
import { OutcomeIcon } from '../parts/mark.tsx';
import { QuitControls } from '../parts/quit-controls.tsx';
import { ScreenTitle } from '../parts/screen-title.tsx';
import { SendersCard } from '../parts/senders-card.tsx';

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  ability: { display: 'flex', gap: '10px', alignItems: 'flex-start', padding: '4px 0' },
  mark: { marginTop: '2px' },
  word: { minWidth: '40px', color: tokens.colorNeutralForeground2 },
  text: { margin: '0 0 4px', overflowWrap: 'anywhere' },
  caveat: { margin: '8px 0 0', color: tokens.colorNeutralForeground2 },
  fields: { display: 'grid', gap: '12px', justifyItems: 'start' },
});

export function AboutScreen() {
  const styles = useStyles();
  const words = useWords();
  const { data } = useQuery('about.capabilities', {}, 'attachment');
  const attached = useWindowState(({ shell }) => shell?.attachment.state === 'attached');
  return (
    <>
      <ScreenTitle>{words.say('about.title')}</ScreenTitle>
      {data === null &&
        (attached ? <Loading rows={4} /> : <p className={styles.text}>{words.say('activity.unavailable')}</p>)}
      {data !== null && (
        <>
          <Abilities about={data} />
          <SendersCard about={data} />
          <Data about={data} />
        </>
      )}
      <Preferences />
      <Program />
    </>
  );
}

function Abilities({ about }: { readonly about: About }) {
  const styles = useStyles();
  const words = useWords();
  const on = about.scripts;
  const abilities: readonly (readonly [string, boolean])[] = [
    about.runAsSystem === 'as_you'
      ? [words.say('about.runSystemAsYou'), on]
      : [words.say('about.runSystem'), on && about.runAsSystem === 'system'],
    [words.say('about.runUser'), on && about.runAsUser],
    [words.say('about.readLog'), about.readLog],
    [words.say('about.inventory'), about.inventory],
    [words.say('about.screen'), false],
    [words.say('about.files'), false],
  ];
  return (
    <Card title={words.say('about.intro')}>
      <ul className={styles.list}>
        {abilities.map(([what, can]) => (
          <li key={what} className={styles.ability}>
            <span className={styles.mark}>
              <OutcomeIcon mark={can ? 'done' : 'failed'} tone={can ? 'good' : 'quiet'} />
            </span>
            <span className={styles.word}>{words.say(can ? 'about.can' : 'about.cannot')}</span>
            <span>{what}</span>
          </li>
        ))}
      </ul>
      <p className={styles.caveat}>{words.say(on ? 'about.caveat' : 'about.off')}</p>
    </Card>
  );
}

function Data({ about: { data, outputShown } }: { readonly about: About }) {
  const styles = useStyles();
  const words = useWords();
  const level = outputShown === 2 ? '2' : outputShown === 1 ? '1' : '0';
  const MIB = 1024 * 1024;
  return (
    <Card title={words.say('about.data')}>
      <p className={styles.text}>
        {words.say('about.data.history', { days: data.historyDays, size: words.bytes(data.historyMaxMib * MIB) })}
      </p>
      <p className={styles.text}>{words.say('about.data.where', { path: data.directory })}</p>
      <p className={styles.text}>
        {data.logDirectory === null
          ? words.say('about.data.noLog')
          : words.join(
              words.say('about.data.log', { days: data.logDays }),
              words.say('about.data.where', { path: data.logDirectory }),
            )}
      </p>
      <p className={styles.text}>{words.say(`about.output.${level}`)}</p>
    </Card>
  );
}

/** The person's own choices, each where the shell can keep it. */
function Preferences() {
  const styles = useStyles();
  const words = useWords();
  const { client } = useStore();
  const shell = useWindowState((state) => state.shell);
  if (shell === null || !shell.offers.includes('shell.setPreferences')) return null;
  const { preferences, ui } = shell;
  return (
    <Card title={words.say('window.preferences')}>
      <div className={styles.fields}>
        <Field
          label={words.say('prefs.language')}
          hint={ui?.languageLocked ? words.say('prefs.language.locked') : null}
        >
          <RadioGroup
            layout="horizontal"
            value={preferences.language}
            disabled={ui?.languageLocked ?? false}
            onChange={(_, { value }) =>
              void client.ask('shell.setPreferences', { language: value as typeof preferences.language })
            }
          >
            <Radio value="auto" label={words.say('prefs.language.auto')} />
            <Radio value="en" label="English" />
            <Radio value="ja" label="日本語" />
          </RadioGroup>
        </Field>
        <Field label={words.say('prefs.theme')}>
          <RadioGroup
            layout="horizontal"
            value={preferences.theme}
            onChange={(_, { value }) =>
              void client.ask('shell.setPreferences', { theme: value as typeof preferences.theme })
            }
          >
            <Radio value="system" label={words.say('prefs.theme.system')} />
            <Radio value="light" label={words.say('prefs.theme.light')} />
            <Radio value="dark" label={words.say('prefs.theme.dark')} />
          </RadioGroup>
        </Field>
        {shell.offers.includes('shell.quitIcon') && (
          <Field hint={words.say('prefs.notifications.hint')}>
            <Switch
              checked={preferences.notifications}
              label={words.say('prefs.notifications')}
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
  const words = useWords();
  const brandName = useBrandName();
  const version = useWindowState(({ lastStatus }) => lastStatus?.identity.agentVersion ?? null);
  return (
    <Card title={words.say('about.program')}>
      <p className={styles.text}>
        {brandName}
        {version !== null && ` · ${words.say('about.version', { v: version })}`}
      </p>
      <Licences>{(show) => <Button onClick={show}>{words.say('about.licences.show')}</Button>}</Licences>
    </Card>
  );
}
