import { describe, expect, it } from 'vitest';
import { LeadsToShare, windowsDirectory } from './working-directory.ts';

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
  expect(windowsDirectory(cwd, { environment, profile: null })).toBe(directory);
});

it('leaves ~ alone where the account has no profile', () => {
  expect(windowsDirectory('~\\x', { environment: {}, profile: null })).toBe('~\\x');
});

describe('for a person', () => {
  const theirs = {
    USERPROFILE: '\\\\evil\\share',
    HOMESHARE: '//evil/share',
    ODD: '\\??\\UNC\\evil\\share',
    EMPTY: '',
    SLASH: '\\',
    TEMP: 'C:\\Temp',
  };
  const account = { environment: theirs, profile: 'C:\\Users\\haru' };

  it('the profile is where Windows says, whatever their variables say', () => {
    for (const cwd of ['~', '%UserProfile%']) expect(windowsDirectory(cwd, account)).toBe('C:\\Users\\haru');
    expect(windowsDirectory('%TEMP%\\x', account)).toBe('C:\\Temp\\x');
  });

  it.each(['%HOMESHARE%', '%homeshare%\\x', '%ODD%', '%EMPTY%\\\\evil\\x', '%SLASH%\\evil\\x'])(
    'their variables lead to no share (%s)',
    (cwd) => {
      expect(() => windowsDirectory(cwd, account)).toThrow(LeadsToShare);
      expect(() => windowsDirectory('~', { ...account, profile: '\\\\it\\profiles\\haru' })).toThrow(LeadsToShare);
    },
  );

  it('what the command itself names is as IT wants it', () => {
    expect(windowsDirectory('\\\\it\\tools', account)).toBe('\\\\it\\tools');
    expect(windowsDirectory('\\\\it\\%TEMP%', account)).toBe('\\\\it\\C:\\Temp');
  });
});
