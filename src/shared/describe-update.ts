/** An update in words. */
import type { UpdateView } from './agent-status.ts';
import { assertNever } from './assert-never.ts';
import type { I18n } from './i18n/i18n.ts';
import type { UndoneReason } from './update-reasons.ts';

/** This PC does not take it, and the person can't put that right. */
export function hasFailed({ state }: Pick<UpdateView, 'state'>): boolean {
  return state === 'refused' || state === 'rolled_back';
}

type Said = { readonly title: string; readonly body: string };

/** The state of the update in words (every value of architecture §5). */
export function describeUpdate(view: Omit<UpdateView, 'installed'>, i18n: I18n): Said {
  const { state, wanted, reason, release, taking, undone } = view;
  const waitsFor = taking?.waitsFor ?? 'tasks';
  const waits = i18n.t(`update.waits.${waitsFor}`);
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
      return undoneText(undone?.why ?? 'did_not_start', v, i18n);
    case 'refused':
      return { title: i18n.t('update.refused.title'), body: i18n.t(`update.reason.${reason ?? 'signature'}`) };
    case 'waiting':
      return { title: i18n.t('update.waiting.title', { v }), body: waits };
    case 'verified':
      return { title: i18n.t('update.verified.title'), body: i18n.join(i18n.t('update.verified.body'), waits) };
    default:
      return assertNever(state);
  }
}

function undoneText(why: UndoneReason, v: string, i18n: I18n): Said {
  switch (why) {
    case 'did_not_start':
      return { title: i18n.t('update.rolled_back.title'), body: i18n.t('update.rolled_back.body', { v }) };
    case 'store':
    case 'package':
      return { title: i18n.t('update.unfit.title'), body: i18n.t(`update.unfit.${why}`, { v }) };
    default:
      return assertNever(why);
  }
}
