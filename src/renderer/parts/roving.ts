/** Controls in a row of which one can be reached by Tab and the others by the arrow keys, Home and End. */
import { type KeyboardEvent, type RefObject, useRef, useState } from 'react';

export interface Roving {
  readonly row: RefObject<HTMLDivElement | null>;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  /** For the control at this place of the row. */
  readonly stop: (at: number) => { readonly tabIndex: 0 | -1; readonly onFocus: () => void };
  /** The stop is the first choice again. */
  readonly reset: () => void;
}

/** @param first the one that Tab leads to until another has had the focus */
export function useRoving(count: number, first: number): Roving {
  const row = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState<number | null>(null);
  const current = focused ?? first;
  return {
    row,
    reset: () => setFocused(null),
    stop: (at) => ({ tabIndex: at === current ? 0 : -1, onFocus: () => setFocused(at) }),
    onKeyDown: (event) => {
      const steps: Readonly<Record<string, number>> = {
        ArrowLeft: current - 1,
        ArrowRight: current + 1,
        Home: 0,
        End: count - 1,
      };
      const wanted = event.altKey ? undefined : steps[event.key];
      if (wanted === undefined) return;
      event.preventDefault();
      const control = row.current?.children[Math.max(0, Math.min(count - 1, wanted))];
      if (control instanceof HTMLElement) control.focus();
    },
  };
}
