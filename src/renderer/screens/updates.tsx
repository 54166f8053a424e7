/** Which version is here, which one IT wants, and what becomes of it. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { describeUpdate } from '../../shared/describe.ts';
import { EVERY_MINUTE_MS, useClaims, useNow, useQuery, useWindowState, useWords } from '../data/hooks.ts';
import { Card } from '../parts/card.tsx';
import { Facts } from '../parts/facts.tsx';
import { Loading } from '../parts/loading.tsx';
import { Notice } from '../parts/notice.tsx';
import { ScreenTitle } from '../parts/screen-title.tsx';

const useStyles = makeStyles({
  state: { margin: '0 0 4px', fontSize: tokens.fontSizeBase500, lineHeight: tokens.lineHeightBase500 },
  body: { margin: '0 0 16px' },
  quiet: { color: tokens.colorNeutralForeground2, margin: 0 },
});

export function UpdatesScreen() {
  const words = useWords();
  const { data, fault } = useQuery('update.get', {});
  const restart = useWindowState(({ status }) => status?.restartRequired ?? false);
  const attached = useWindowState(({ shell }) => shell?.attachment.state === 'attached');
  return (
    <>
      <ScreenTitle>{words.say('updates.title')}</ScreenTitle>
      {restart && (
        <Notice kind="warning" title={words.say('item.restart.title')} body={words.say('item.restart.body')} />
      )}
      {data !== null && <Versions update={data} />}
      {data === null && fault !== null && <Notice kind="error" title={words.say('window.failed')} />}
      {data === null &&
        fault === null &&
        (attached ? <Loading rows={3} /> : <p>{words.say('activity.unavailable')}</p>)}
    </>
  );
}

type UpdateDetail = NonNullable<ReturnType<typeof useQuery<'update.get'>>['data']>;

function Versions({ update }: { readonly update: UpdateDetail }) {
  const styles = useStyles();
  const words = useWords();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const claims = useClaims();
  const known = claims.update === 'known';
  const said = known
    ? describeUpdate(update, words)
    : { title: words.say('update.unknown.title'), body: words.say('update.unknown.body') };
  const unsaid = words.say(known ? 'updates.wanted.none' : 'updates.wanted.unknown');
  return (
    <>
      <p className={styles.state}>{said.title}</p>
      <p className={styles.body}>{said.body}</p>
      <Card title={words.say('updates.title')}>
        <Facts
          facts={[
            { name: words.say('updates.installed'), value: update.installed },
            { name: words.say('updates.wanted'), value: update.wanted ?? unsaid },
          ]}
        />
      </Card>
      <Card title={words.say('updates.history')}>
        {update.history.length === 0 ? (
          <p className={styles.quiet}>{words.say('updates.history.none')}</p>
        ) : (
          <Facts
            facts={update.history.map(({ version, atMs, outcome }) => ({
              name: version,
              value: words.say(outcome === 'ok' ? 'updates.ok' : 'updates.rolledBack', {
                time: words.moment(atMs, nowMs),
              }),
            }))}
          />
        )}
      </Card>
    </>
  );
}
