import type { UpdateView } from './agent-status.ts';
import { assertNever } from './assert-never.ts';
import type { I18n } from './i18n/i18n.ts';

type Said = { readonly title: string; readonly body: string };

/** The state of the update in words (every value of architecture §5). */
export function describeUpdate({ state, wanted, reason, release }: Omit<UpdateView, 'installed'>, i18n: I18n): Said {
  const v = wanted ?? '';
  switch (state) {
    case 'none':
      return {
        title: i18n.t('update.none.title'),
        body: i18n.t(wanted === null ? 'update.noneSaid.body' : 'update.none.body'),
      };
    case 'wanted_not_ours': {
      const why = reason === 'original' || reason === 'no_keys' ? i18n.t(`update.reason.${reason}`) : null;
      const body = i18n.join(why, i18n.t('update.wanted_not_ours.body'));
      return { title: i18n.t('update.wanted_not_ours.title', { v }), body };
    }
    case 'available': {
      const names = i18n.list(release?.signedBy ?? []);
      return { title: i18n.t('update.available.title', { v }), body: i18n.t('update.available.body', { names }) };
    }
    case 'downloading':
    case 'installing':
      return { title: i18n.t(`update.${state}.title`, { v }), body: i18n.t(`update.${state}.body`) };
    case 'rolled_back':
      return { title: i18n.t('update.rolled_back.title'), body: i18n.t('update.rolled_back.body', { v }) };
    case 'refused':
      return { title: i18n.t('update.refused.title'), body: i18n.t(`update.reason.${reason ?? 'signature'}`) };
    case 'waiting':
    case 'verified':
      return { title: i18n.t(`update.${state}.title`), body: i18n.t(`update.${state}.body`) };
    default:
      return assertNever(state);
  }
}
