/** What looks like a link and stays in the window. */
import { Link } from '@fluentui/react-components';
import type { ReactNode } from 'react';

interface TextLinkProps {
  readonly onClick: () => void;
  readonly children: ReactNode;
  readonly label?: string;
}

export function TextLink({ onClick, children, label }: TextLinkProps) {
  return (
    <Link inline as="button" type="button" onClick={onClick} aria-label={label}>
      {children}
    </Link>
  );
}
