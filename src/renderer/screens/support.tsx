/** Whom to call, what to tell them, and the helpdesk's own view. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { Hardware, Support } from '../../shared/contract.ts';
import { pcDetails } from '../../shared/describe.ts';
import type { Words } from '../../shared/words/words.ts';
import {
  EVERY_MINUTE_MS,
  useClaims,
  useNow,
  usePc,
  useSeen,
  useSupport,
  useWindowState,
  useWords,
} from '../data/hooks.ts';
import { Card } from '../parts/card.tsx';
import { ContactLink } from '../parts/contact-link.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Facts } from '../parts/facts.tsx';
import { HelpdeskCard } from '../parts/helpdesk-card.tsx';
import { ScreenTitle } from '../parts/screen-title.tsx';

const useStyles = makeStyles({
  lines: { display: 'flex', flexWrap: 'wrap', gap: '8px 16px', alignItems: 'center' },
  text: { margin: '0 0 8px', overflowWrap: 'anywhere', whiteSpace: 'pre-line' },
  buttons: { marginTop: '12px' },
  quiet: { margin: 0, color: tokens.colorNeutralForeground2 },
});

/** Memory is sold in powers of two and called GB all the same; disks are not. */
const MEMORY_GB = 1e9 / 1024 ** 3;

export function SupportScreen() {
  const words = useWords();
  const support = useSupport();
  return (
    <>
      <ScreenTitle>{words.say('support.title')}</ScreenTitle>
      <Desk support={support} />
      <TellThem />
      <Connection />
      <HardwareCard hardware={support?.hardware ?? null} />
      <HelpdeskCard />
    </>
  );
}

function Desk({ support }: { readonly support: Support | null }) {
  const styles = useStyles();
  const words = useWords();
  if (support === null) {
    return (
      <Card title={words.say('support.desk')}>
        <p className={styles.quiet}>{words.say('support.unknown')}</p>
      </Card>
    );
  }
  const { phone, mail, url, text } = support;
  return (
    <Card title={words.say('support.desk')}>
      {text !== null && <p className={styles.text}>{text}</p>}
      {phone === null && mail === null && url === null && text === null && (
        <p className={styles.quiet}>{words.say('support.none')}</p>
      )}
      <Facts
        facts={[
          phone === null
            ? null
            : {
                name: words.say('support.phone'),
                value: (
                  <Contact shown={phone}>
                    <ContactLink id="phone" support={support} label={words.say('support.call')} />
                  </Contact>
                ),
              },
          mail === null
            ? null
            : {
                name: words.say('support.mail'),
                value: (
                  <Contact shown={mail}>
                    <ContactLink id="mail" support={support} label={words.say('support.write')} />
                  </Contact>
                ),
              },
        ]}
      />
      {url !== null && (
        <div className={styles.buttons}>
          <ContactLink id="page" support={support} label={words.say('support.page')} />
        </div>
      )}
    </Card>
  );
}

function Contact({ shown, children }: { readonly shown: string; readonly children: React.ReactNode }) {
  const styles = useStyles();
  return (
    <span className={styles.lines}>
      {shown}
      {children}
    </span>
  );
}

function TellThem() {
  const styles = useStyles();
  const words = useWords();
  const seen = useSeen();
  const pc = usePc();
  const userName = useWindowState(({ shell }) => shell?.userName ?? '');
  if (seen === null) return null;
  return (
    <Card title={words.say('support.tell')}>
      <Facts
        facts={[
          { name: words.say('support.pc'), value: pc?.name ?? '–' },
          { name: words.say('support.user'), value: userName },
          { name: words.say('support.version'), value: pc?.version ?? '–' },
          { name: words.say('support.groups'), value: groupsText(pc?.groups ?? null, words) },
        ]}
      />
      <div className={styles.buttons}>
        <CopyButton label={words.say('support.copy')} text={() => pcDetails(seen, pc, userName, words, Date.now())} />
      </div>
    </Card>
  );
}

/** That it is in none is said only where that is known. */
function groupsText(groups: readonly string[] | null, words: Words): string {
  if (groups === null) return '–';
  return groups.length === 0 ? words.say('support.none.groups') : words.list(groups);
}

function Connection() {
  const words = useWords();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const connection = useWindowState(({ status }) => status?.connection ?? null);
  const claims = useClaims();
  if (connection === null || claims.connection === 'unknown') return null;
  const { state, lastGoodAtMs, server, why } = connection;
  return (
    <Card title={words.say('support.connection')}>
      <Facts
        facts={[
          { name: words.say('support.connection.state'), value: words.say(`connection.${state}`) },
          {
            name: words.say('support.connection.last'),
            value:
              lastGoodAtMs === null
                ? words.say('support.connection.never')
                : `${words.moment(lastGoodAtMs, nowMs)} (${words.ago(lastGoodAtMs, nowMs)})`,
          },
          server === null ? null : { name: words.say('support.connection.server'), value: server },
          why === null ? null : { name: words.say('support.connection.why'), value: why },
        ]}
      />
    </Card>
  );
}

function HardwareCard({ hardware }: { readonly hardware: Hardware | null }) {
  const styles = useStyles();
  const words = useWords();
  const nowMs = useNow(EVERY_MINUTE_MS);
  if (hardware === null) {
    return (
      <Card title={words.say('support.hardware')}>
        <p className={styles.quiet}>{words.say('support.hardware.none')}</p>
      </Card>
    );
  }
  const fact = (name: string, value: string | null) => (value === null || value === '' ? null : { name, value });
  const { system, processor, memoryBytes, disks, unread, bootedAtMs } = hardware;
  return (
    <Card title={words.say('support.hardware')}>
      <Facts
        facts={[
          fact(words.say('support.system'), system),
          fact(words.say('support.processor'), processor),
          fact(words.say('support.memory'), memoryBytes === null ? null : words.bytes(memoryBytes * MEMORY_GB)),
          ...disks.map(({ name, sizeBytes, freeBytes }) =>
            fact(
              words.say('support.disk', { name }),
              words.say('support.disk.free', { free: words.bytes(freeBytes), size: words.bytes(sizeBytes) }),
            ),
          ),
          fact(words.say('support.booted'), bootedAtMs === null ? null : words.moment(bootedAtMs, nowMs)),
          fact(words.say('support.hardware.unread'), unread.join('; ')),
        ]}
      />
    </Card>
  );
}
