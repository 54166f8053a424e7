/** Whom to call, what to tell them, and the helpdesk's own view. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { Hardware, Support } from '../../shared/about-view.ts';
import { groupsText, pcDetails } from '../../shared/describe.ts';
import { describeHardware } from '../../shared/describe-hardware.ts';
import {
  EVERY_MINUTE_MS,
  useClaims,
  useI18n,
  useNow,
  usePc,
  useSnapshot,
  useSupport,
  useWindowState,
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

export function SupportScreen() {
  const i18n = useI18n();
  const support = useSupport();
  return (
    <>
      <ScreenTitle>{i18n.t('support.title')}</ScreenTitle>
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
  const i18n = useI18n();
  if (support === null) {
    return (
      <Card title={i18n.t('support.desk')}>
        <p className={styles.quiet}>{i18n.t('support.unknown')}</p>
      </Card>
    );
  }
  const { phone, mail, url, text } = support;
  return (
    <Card title={i18n.t('support.desk')}>
      {text !== null && <p className={styles.text}>{text}</p>}
      {phone === null && mail === null && url === null && text === null && (
        <p className={styles.quiet}>{i18n.t('support.none')}</p>
      )}
      <Facts
        facts={[
          phone === null
            ? null
            : {
                name: i18n.t('support.phone'),
                value: (
                  <Contact shown={phone}>
                    <ContactLink id="phone" support={support} label={i18n.t('support.call')} />
                  </Contact>
                ),
              },
          mail === null
            ? null
            : {
                name: i18n.t('support.mail'),
                value: (
                  <Contact shown={mail}>
                    <ContactLink id="mail" support={support} label={i18n.t('support.write')} />
                  </Contact>
                ),
              },
        ]}
      />
      {url !== null && (
        <div className={styles.buttons}>
          <ContactLink id="page" support={support} label={i18n.t('support.page')} otherwise={url} />
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
  const i18n = useI18n();
  const snapshot = useSnapshot();
  const pc = usePc();
  const userName = useWindowState(({ appShell }) => appShell?.userName ?? '');
  if (snapshot === null) return null;
  return (
    <Card title={i18n.t('support.tell')}>
      <Facts
        facts={[
          { name: i18n.t('support.pc'), value: pc?.name ?? '–' },
          { name: i18n.t('support.user'), value: userName },
          { name: i18n.t('support.version'), value: pc?.version ?? '–' },
          { name: i18n.t('support.groups'), value: groupsText(pc?.groups ?? null, i18n) },
        ]}
      />
      <div className={styles.buttons}>
        <CopyButton label={i18n.t('support.copy')} text={() => pcDetails(snapshot, pc, userName, i18n, Date.now())} />
      </div>
    </Card>
  );
}

function Connection() {
  const i18n = useI18n();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const connection = useWindowState(({ status }) => status?.connection ?? null);
  const claims = useClaims();
  if (connection === null || claims.connection === 'unknown') return null;
  const { state, lastGoodAtMs, server, why } = connection;
  return (
    <Card title={i18n.t('support.connection')}>
      <Facts
        facts={[
          { name: i18n.t('support.connection.state'), value: i18n.t(`connection.${state}`) },
          {
            name: i18n.t('support.connection.last'),
            value:
              lastGoodAtMs === null
                ? i18n.t('support.connection.never')
                : i18n.t('support.connection.at', {
                    time: i18n.moment(lastGoodAtMs, nowMs),
                    ago: i18n.ago(lastGoodAtMs, nowMs),
                  }),
          },
          server === null ? null : { name: i18n.t('support.connection.server'), value: server },
          why === null ? null : { name: i18n.t('support.connection.why'), value: why },
        ]}
      />
    </Card>
  );
}

function HardwareCard({ hardware }: { readonly hardware: Hardware | null }) {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useNow(EVERY_MINUTE_MS);
  if (hardware === null) {
    return (
      <Card title={i18n.t('support.hardware')}>
        <p className={styles.quiet}>{i18n.t('support.hardware.none')}</p>
      </Card>
    );
  }
  return (
    <Card title={i18n.t('support.hardware')}>
      <Facts facts={describeHardware(hardware, i18n, nowMs)} />
    </Card>
  );
}
