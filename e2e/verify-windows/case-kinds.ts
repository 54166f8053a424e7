/** How cases are said. */
import type { Case } from './cases.ts';

/** What the agent answers to a script that looks so, instead of what a correct one does. */
export const answers = (pattern: string, answer: string) =>
  `$World.answer = { param($Command) if ($Command.script -match '${pattern}') { ${answer} } else { Get-CorrectAnswer $Command } }`;

export const broken = (check: string, name: string, defect: string, must: RegExp): Case => ({
  check,
  name,
  with: defect,
  must,
});

export const skipped = (check: string, name: string, defect: string, must: RegExp): Case => {
  return { check, name, with: defect, must, result: 'SKIP' };
};

/** `after`: PowerShell whose value must be empty afterwards. */
export const correct = (check: string, setUp = '', after = ''): Case => {
  return { check, name: 'correct', with: setUp, must: 'PASS', after };
};
