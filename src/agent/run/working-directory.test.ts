import { expect, it } from 'vitest';
import { windowsDirectory } from './working-directory.ts';

const environment = { UserProfile: 'C:\\Users\\haru', SystemRoot: 'C:\\Windows', 'ProgramFiles(x86)': 'C:\\P86' };

it.each([
  ['~', 'C:\\Users\\haru'],
  ['~\\logs', 'C:\\Users\\haru\\logs'],
  ['~/logs', 'C:\\Users\\haru/logs'],
  ['~other', '~other'],
  ['x\\~', 'x\\~'],
  ['%systemroot%\\Temp', 'C:\\Windows\\Temp'],
  ['%ProgramFiles(x86)%', 'C:\\P86'],
  ['%NOT_THERE%\\x', '%NOT_THERE%\\x'],
  ['100%', '100%'],
  ['$env:TEMP', '$env:TEMP'],
  ['relative\\path', 'relative\\path'],
])('turns %j into %j (protocol §4.6)', (cwd, directory) => {
  expect(windowsDirectory(cwd, environment)).toBe(directory);
});

it('leaves ~ alone where the account has no profile', () => {
  expect(windowsDirectory('~\\x', {})).toBe('~\\x');
});
