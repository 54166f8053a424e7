/** The keys that hold on every screen: back (Esc, Alt+Left) from a detail, and Ctrl+F to where there is something to search. */
import { useEffect } from 'react';
import { useStore } from '../data/hooks.ts';

/** What Ctrl+F goes to on its screen. */
export const SEARCH_MARK = { 'data-search': '' } as const;

export function Keys() {
  const { state, go, goBack } = useStore();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector('[role="dialog"], [role="alertdialog"]') !== null) return;
      const isBack =
        (event.key === 'Escape' && !holdsText(event.target)) || (event.altKey && event.key === 'ArrowLeft');
      if (isBack && state().route.screen === 'run') {
        event.preventDefault();
        goBack();
      }
      if (event.key.toLowerCase() !== 'f' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      if (focusSearch()) return;
      go({ screen: 'activity' });
      requestAnimationFrame(() => requestAnimationFrame(focusSearch));
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [state, go, goBack]);
  return null;
}

/** There Esc empties the field first. */
function holdsText(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.value !== '';
}

function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>('input[data-search]');
  field?.focus();
  field?.select();
  return field !== null;
}
