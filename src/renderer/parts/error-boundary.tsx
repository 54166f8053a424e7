/** A part of the window that fails takes nothing else with it, and says so without a stack. */
import { Component, type ReactNode } from 'react';
import type { Words } from '../../shared/words/words.ts';
import { Notice } from './notice.tsx';

interface Props {
  readonly words: Words;
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
    const { words, onTryAgain } = this.props;
    const again = () => {
      this.setState({ failed: false });
      onTryAgain();
    };
    return (
      <Notice
        kind="error"
        title={words.say('window.failed')}
        body={words.say('window.failed.body')}
        action={{ label: words.say('window.tryAgain'), run: again }}
      />
    );
  }
}
