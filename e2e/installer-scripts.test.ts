/**
 * What the installer's scripts hand to the System plug-in. It parses the text of each call, and `#`, say, begins another one, of any
 * DLL: what somebody else may have chosen must not stand in it. Such a value goes in by a register.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const DIRECTORY = join(import.meta.dirname, '..', 'installer');
const scripts = readdirSync(DIRECTORY)
  .filter((name) => /\.ns[hi]$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(DIRECTORY, name), 'utf8') }));

/** Constants of NSIS' own headers that we use. */
const OF_NSIS = new Set([
  'SYSSTRUCT_PROPERTYKEY',
  'PKEY_AppUserModel_ID',
  'VT_LPWSTR',
  'IID_IPropertyStore',
  'IID_IPersistFile',
]);
/** What nobody but an administrator decides. */
const SYSTEM_PLACES = /\$(PROGRAMFILES64|WINDIR)\b/g;

const CALL = /^\s*(?:System::Call|\$\{I\w+::\w+\} \$\d)\s+(['"`])(.*)\1/;

/** The calls, also those of COM, which are the same, with a `$` in their text that is no constant; and what can't be read as a call. */
function foreignIn(text: string, constants: ReadonlyMap<string, string>): string[] {
  const calls = text
    .split('\n')
    .filter((line) => /System::(?!Free)|\$\{I\w+::/.test(line) && !line.trimStart().startsWith(';'));
  return calls
    .map((line) => line.trim())
    .filter((line) => {
      const inside = CALL.exec(line)?.[2];
      if (inside === undefined) return true;
      const whole = inside.replaceAll(/\$\{(\w+)\}/g, (name, inner: string) =>
        OF_NSIS.has(inner) ? '' : (constants.get(inner) ?? name),
      );
      return whole.replaceAll(SYSTEM_PLACES, '').includes('$');
    });
}

function constantsOf(texts: readonly string[]): Map<string, string> {
  const defines = texts.flatMap((text) => [...text.matchAll(/^\s*!define (\w+) "?(.*?)"?$/gm)]);
  return new Map(defines.map(([, name = '', value = '']) => [name, value]));
}

const constants = constantsOf(scripts.map(({ text }) => text));

test('no text of a call holds what somebody else may have chosen', () => {
  expect(scripts.map(({ text }) => text.match(/System::Call/g)?.length ?? 0).reduce((a, b) => a + b)).toBeGreaterThan(
    15,
  );
  expect(scripts.flatMap(({ name, text }) => foreignIn(text, constants).map((call) => `${name}: ${call}`))).toEqual([]);
});

test.each([
  'System::Call $1',
  `System::Call 'shlwapi::StrStrIW(w "x", w "|$6|") p .r7'`,
  `  System::Call 'kernel32::CreateDirectoryW(w "\${RUNNER}", p r9) i .r0'`,
  `  System::Call \`kernel32::CreateFileW(w "\${file}", i 2)\``,
  `  \${IShellLink::SetPath} $0 '("\${STARTER}").r2'`,
])('%s is found', (line) => {
  expect(foreignIn(line, constants)).toHaveLength(1);
});

test.each([
  `System::Call 'kernel32::SetEnvironmentVariableW(w r7, w r8)'`,
  `System::Call 'shlwapi::StrStrIW(w "\${KEPT_VARIABLES}", w r8) p .r7'`,
  `System::Call 'kernel32::CreateFileW(w "$PROGRAMFILES64\\Kanade Tray.lock", i 4) p .r1 ?e'`,
])('%s is good', (line) => {
  expect(foreignIn(line, constants)).toEqual([]);
});

const lines = scripts.flatMap(({ text }) => text.split('\n')).filter((line) => !line.trimStart().startsWith(';'));

test('nothing is run in, or written to, a directory that only whoever has started us can vouch for', () => {
  const directories = lines.flatMap((line) => /SetOutPath "(.*)"/.exec(line)?.[1] ?? []);
  expect(directories.length).toBeGreaterThan(3);
  expect(new Set(directories)).toEqual(new Set(['$PROGRAMFILES64', `\${RUNNER}`, `\${STAGED}`]));
  expect(lines.filter((line) => /\$(TEMP|PLUGINSDIR|APPDATA|LOCALAPPDATA)\b/.test(line))).toEqual([]);
});

/** What NSIS opens, and so waits for whoever has a lock on it, and with it every other set-up: nothing that people may read. */
const OPENS =
  /^\s*(?:(?:Delete|RMDir|Rename|CopyFiles|FileOpen|CreateShortCut|WriteINIStr|File \/oname=|!insertmacro (?:makeShortcut|saveCommandLine))\b|.*::(?:Save|Load|CopyFileW|MoveFile\w*|DeleteFileW)\b)/i;
/** Nobody else can open them; of the last ones only the directory itself goes. */
const SHUT_PLACES = [
  `"\${RUNNER}`,
  `"\${STAGED}`,
  `"\${MESSAGE_FILE}"`,
  `"$INSTDIR\\versions"`,
  `"$INSTDIR\\private"`,
  `RMDir "$INSTDIR"`,
];

/** Lines that open what people may read. */
function opensShown(text: string): string[] {
  const macros = [...text.matchAll(/^!macro (\w+) file$/gm)].map(([, name]) => name);
  return text
    .split('\n')
    .filter((line) => OPENS.test(line) && !SHUT_PLACES.some((place) => line.includes(place)))
    .filter((line) => !(macros.includes('makeShortcut') && line.includes('IPersistFile::Save')));
}

test('nothing that people may read, and so hold, is opened or removed', () => {
  expect(lines.filter((line) => OPENS.test(line)).length).toBeGreaterThan(8);
  expect(scripts.flatMap(({ name, text }) => opensShown(text).map((line) => `${name}: ${line.trim()}`))).toEqual([]);
  // The entry in the Start menu is the set-up's to put into its place.
  const shortcuts = lines.flatMap((line) => /!insertmacro makeShortcut (.*)/.exec(line)?.[1] ?? []);
  expect(shortcuts).toEqual([`"\${STAGED}\\entry.lnk"`]);
});

test.each([
  'Delete "$SMPROGRAMS\\Kanade Tray.lnk"',
  '  Delete "$INSTDIR\\uninstall.exe"',
  '  RMDir /r "$INSTDIR\\bin"',
  '  RMDir /r "$INSTDIR"',
  `  \${IPersistFile::Save} $1 '(r5,1)'`,
  '  CopyFiles "$INSTDIR\\bin\\Kanade Tray.exe" "$0"',
  `  !insertmacro makeShortcut "\${SHORTCUT}"`,
])('%s is found', (line) => {
  expect(opensShown(line)).toHaveLength(1);
});

test.each([
  ['installer.nsi', 'runSetUp $Task', 'Call removeStaged'],
  ['uninstaller.nsi', 'setup.js" uninstall', `RMDir /r "\${RUNNER}"`],
])('%s reads what the set-up has to say before that goes', (name, work, removal) => {
  const section = scripts.find((script) => script.name === name)?.text.split(/^Section$/m)[1] ?? '';
  const places = [work, '!insertmacro readMessage', removal].map((text) => section.indexOf(text));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((one, other) => one - other));
});

test('no program of ours works in the root of a drive, where people may make names', () => {
  const native = join(import.meta.dirname, '..', 'native');
  const sources = readdirSync(native).filter((name) => /\.[ch]$/.test(name));
  expect(sources.length).toBeGreaterThan(5);
  expect(sources.filter((name) => readFileSync(join(native, name), 'utf8').includes('L"C:\\\\'))).toEqual([]);
});

test('nothing is read, written or removed beside a program that people may have put anywhere', () => {
  expect(lines.filter((line) => line.includes('$EXEDIR'))).toEqual([]);
});
