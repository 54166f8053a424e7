/** For the helpdesk: every setting in words, first those that are not as built in, and a search over all of them. */
import { Input, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { Setting } from '../../shared/contract.ts';
import { describeSetting, settingFits } from '../../shared/describe-settings.ts';
import { useI18n } from '../data/hooks.ts';
import type { Asked } from '../data/inside.ts';
import { InsideCard } from './inside-card.tsx';
import { SEARCH_MARK } from './keys.tsx';

const useStyles = makeStyles({
  tools: { display: 'flex', flexWrap: 'wrap', gap: '4px 12px', alignItems: 'center' },
  search: { flex: '1 1 200px', maxWidth: '320px' },
  title: {
    margin: '16px 0 4px',
    fontSize: tokens.fontSizeBase300,
    fontWeight: tokens.fontWeightSemibold,
  },
  list: { listStyleType: 'none', margin: 0, padding: 0, overflowWrap: 'anywhere' },
  row: { padding: '6px 0', borderTop: `1px solid ${tokens.colorNeutralStroke2}` },
  value: { fontWeight: tokens.fontWeightSemibold, fontVariantNumeric: 'tabular-nums' },
  quiet: { margin: 0, color: tokens.colorNeutralForeground2 },
  key: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
});

export function SettingsCard({ settings }: { readonly settings: Asked<readonly Setting[]> }) {
  const i18n = useI18n();
  return (
    <InsideCard title={i18n.t('support.settings')} asked={settings}>
      {(all) => <Settings all={all} />}
    </InsideCard>
  );
}

function Settings({ all }: { readonly all: readonly Setting[] }) {
  const styles = useStyles();
  const i18n = useI18n();
  const [search, setSearch] = useState('');
  const fitting = all.filter((setting) => settingFits(describeSetting(setting, i18n), search));
  const changed = fitting.filter((setting) => setting.changed);
  const same = fitting.filter((setting) => !setting.changed);
  return (
    <>
      <search className={styles.tools}>
        <Input
          type="search"
          {...SEARCH_MARK}
          className={styles.search}
          aria-label={i18n.t('helpdesk.settings.search')}
          placeholder={i18n.t('helpdesk.settings.hint')}
          value={search}
          maxLength={200}
          onChange={(_, { value }) => setSearch(value)}
        />
        <span role="status">
          {search.trim() === ''
            ? ''
            : fitting.length === 0
              ? i18n.t('helpdesk.settings.noMatch')
              : i18n.t('helpdesk.settings.count', { n: fitting.length, all: all.length })}
        </span>
      </search>
      {(changed.length > 0 || search.trim() === '') && (
        <>
          <h3 className={styles.title}>{i18n.t('helpdesk.settings.changed')}</h3>
          {changed.length === 0 && <p className={styles.quiet}>{i18n.t('helpdesk.settings.allBuiltIn')}</p>}
          <Rows settings={changed} />
        </>
      )}
      {same.length > 0 && (
        <>
          <h3 className={styles.title}>{i18n.t('helpdesk.settings.same')}</h3>
          <Rows settings={same} />
        </>
      )}
    </>
  );
}

function Rows({ settings }: { readonly settings: readonly Setting[] }) {
  const styles = useStyles();
  return (
    <ul className={styles.list}>
      {settings.map((setting) => (
        <Row key={setting.key} setting={setting} />
      ))}
    </ul>
  );
}

function Row({ setting }: { readonly setting: Setting }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { key, about, value, source, builtIn } = describeSetting(setting, i18n);
  return (
    <li className={styles.row} data-setting={key}>
      {about !== null && <div>{about}</div>}
      <div className={styles.value}>{value}</div>
      <p className={styles.quiet}>
        <span className={styles.key}>{key}</span>
        {` · ${source}`}
        {builtIn !== null && ` · ${i18n.t('helpdesk.settings.builtIn', { value: builtIn })}`}
      </p>
    </li>
  );
}
