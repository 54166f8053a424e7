/** A sentence that a person should see, with what can be done about it, and whom to call where something is wrong. */
import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import { useWindowState } from '../data/hooks.ts';
import { HelpLine } from './help-line.tsx';

export interface NoticeProps {
  readonly kind: 'info' | 'warning' | 'error' | 'success';
  readonly title?: string;
  readonly body?: string;
  /** Whom to call stands in it; so it does in each error, but once where the window is lost. */
  readonly help?: boolean;
  readonly action?: { readonly label: string; readonly run: () => void } | null;
}

export function Notice({ kind, title, body, help, action }: NoticeProps) {
  const lost = useWindowState((state) => state.lost);
  return (
    <MessageBar intent={kind} layout="multiline" politeness="polite" style={{ flexShrink: 0, marginBottom: '12px' }}>
      <MessageBarBody>
        {title !== undefined && <MessageBarTitle>{title}</MessageBarTitle>}
        {title !== undefined && body !== undefined && ' '}
        {body}
        {(help ?? (kind === 'error' && !lost)) && <HelpLine />}
      </MessageBarBody>
      {action && (
        <MessageBarActions>
          <Button onClick={action.run}>{action.label}</Button>
        </MessageBarActions>
      )}
    </MessageBar>
  );
}
