/** A part of the window that fails takes nothing else with it, and says so without a stack. */
import { Component, type ReactNode } from 'react';
import type { I18n } from '../../shared/i18n/i18n.ts';
import { Notice } from './notice.tsx';

interface Props {
  readonly i18n: I18n;
  readonly onTryAgain: () => void;
  readonly children: ReactNode;
}

export class ErrorBoundary extends Component<Props, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    const { i18n, onTryAgain } = this.props;
    const again = () => {
      this.setState({ failed: false });
      onTryAgain();
    };
    return (
      <Notice
        kind="error"
        title={i18n.t('window.failed')}
        body={i18n.t('window.failed.body')}
        action={{ label: i18n.t('window.tryAgain'), run: again }}
      />
    );
  }
}
