/** A sentence that a person should see, with what can be done about it. */
import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';

export interface NoticeProps {
  readonly kind: 'info' | 'warning' | 'error' | 'success';
  readonly title?: string;
  readonly body?: string;
  readonly action?: { readonly label: string; readonly run: () => void } | null;
}

export function Notice({ kind, title, body, action }: NoticeProps) {
  return (
    <MessageBar intent={kind} layout="multiline" politeness="polite" style={{ marginBottom: '12px' }}>
      <MessageBarBody>
        {title !== undefined && <MessageBarTitle>{title}</MessageBarTitle>}
        {title !== undefined && body !== undefined && ' '}
        {body}
      </MessageBarBody>
      {action && (
        <MessageBarActions>
          <Button onClick={action.run}>{action.label}</Button>
        </MessageBarActions>
      )}
    </MessageBar>
  );
}
