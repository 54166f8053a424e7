/** What had the focus may go by itself, with a new state. Invariant: then the content has it, and never the page as a whole. */
import { type RefObject, useEffect } from 'react';
import { focusContent } from './content-focus.ts';

/** Of all that is within `within`; whoever moves the focus otherwise is first. */
export function useKeptFocus(within: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const root = within.current;
    if (root === null) return;
    let focused: Element | null = null;
    const got = ({ target }: FocusEvent) => {
      focused = target instanceof Element ? target : null;
    };
    // Who presses beside it leaves it; what is taken away is left as well, and is gone a moment later.
    const left = ({ target }: FocusEvent) =>
      queueMicrotask(() => {
        if (focused === target && focused?.isConnected && document.activeElement !== focused) focused = null;
      });
    const changes = new MutationObserver(() => {
      if (focused === null || focused.isConnected) return;
      focused = null;
      // What it led to may want it, and is drawn by then.
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) focusContent();
      });
    });
    root.addEventListener('focusin', got);
    root.addEventListener('focusout', left);
    changes.observe(root, { childList: true, subtree: true });
    return () => {
      root.removeEventListener('focusin', got);
      root.removeEventListener('focusout', left);
      changes.disconnect();
    };
  }, [within]);
}
