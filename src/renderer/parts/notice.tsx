/** A sentence that a person should see, with what can be done about it, and whom to call where something is wrong. */
import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import { HelpLine } from './help-line.tsx';

export interface NoticeProps {
  readonly kind: 'info' | 'warning' | 'error' | 'success';
  readonly title?: string;
  readonly body?: string;
  /** Whom to call stands in it; so it does in each error. */
  readonly help?: boolean;
  readonly action?: { readonly label: string; readonly run: () => void } | null;
}

export function Notice({ kind, title, body, help = kind === 'error', action }: NoticeProps) {
  return (
    <MessageBar intent={kind} layout="multiline" politeness="polite" style={{ flexShrink: 0, marginBottom: '12px' }}>
      <MessageBarBody>
        {title !== undefined && <MessageBarTitle>{title}</MessageBarTitle>}
        {title !== undefined && body !== undefined && ' '}
        {body}
        {help && <HelpLine />}
      </MessageBarBody>
      {action && (
        <MessageBarActions>
          <Button onClick={action.run}>{action.label}</Button>
        </MessageBarActions>
      )}
    </MessageBar>
  );
}
