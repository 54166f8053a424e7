/** A titled group on a neutral surface. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { type ReactNode, useId } from 'react';

const useStyles = makeStyles({
  card: {
    boxSizing: 'border-box',
    padding: '14px 16px 16px',
    marginBottom: '12px',
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
    minWidth: 0,
  },
  title: {
    margin: '0 0 8px',
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightRegular,
    lineHeight: tokens.lineHeightBase200,
    color: tokens.colorNeutralForeground2,
  },
  /** It is read before what stands below it, and looked for. */
  question: {
    fontSize: tokens.fontSizeBase400,
    fontWeight: tokens.fontWeightSemibold,
    lineHeight: tokens.lineHeightBase400,
    color: tokens.colorNeutralForeground1,
  },
});

interface CardProps {
  readonly title: string;
  readonly className?: string | undefined;
  readonly isQuestion?: boolean;
  readonly children: ReactNode;
}

export function Card({ title, className, isQuestion = false, children }: CardProps) {
  const styles = useStyles();
  const id = useId();
  return (
    <section className={mergeClasses(styles.card, className)} aria-labelledby={id}>
      <h2 id={id} className={mergeClasses(styles.title, isQuestion && styles.question)}>
        {title}
      </h2>
      {children}
    </section>
  );
}
