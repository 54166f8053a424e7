/** Copies a text, and says that it did: in its own place, and once to a screen reader. */
import { Button } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { useI18n, useShellOffers, useStore } from '../data/hooks.ts';
import { hiddenStyle } from './hidden.ts';

export interface Copy {
  readonly text: string;
  /** It was too long for a clipboard, and says itself what is left out. */
  readonly shortened: boolean;
}

interface CopyButtonProps {
  readonly label: string;
  readonly text: () => string | null | Promise<Copy | null>;
}

type Said = 'copied' | 'copiedShort' | 'notCopied';

const SHOWN_MS = 3_000;

export function CopyButton({ label, text }: CopyButtonProps) {
  const i18n = useI18n();
  const copy = useCopy();
  const [said, setSaid] = useState<Said | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const run = async () => {
    const given = await text();
    const toCopy = typeof given === 'string' ? { text: given, shortened: false } : given;
    if (toCopy === null || !(await copy(toCopy.text))) setSaid('notCopied');
    else setSaid(toCopy.shortened ? 'copiedShort' : 'copied');
  };
  const told = said === null ? null : i18n.t(`window.${said}`);
  return (
    <>
      <Button onClick={() => void run()}>{told ?? label}</Button>
      <span role="status" style={hiddenStyle}>
        {told}
      </span>
    </>
  );
}

/** The app shell's clipboard, or the browser's own where the app shell has none. */
function useCopy(): (text: string) => Promise<boolean> {
  const { client } = useStore();
  const offered = useShellOffers('shell.copy');
  return async (text) => {
    if (offered) return (await client.ask('shell.copy', { text })).ok;
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false;
    }
  };
}
