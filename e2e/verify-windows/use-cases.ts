/** Scripts, sessions, deployment and restarts: each check on a correct product, and on one for each defect that it has to name. */
import { answers, broken, correct, skipped } from './case-kinds.ts';
import type { Case } from './cases.ts';

const state = (powerOff: boolean, exitCode: number, stderr: string) => `
  New-Text (Join-Path $Verify.State 'begun.txt') "begun\`n"
  $World.messages['results.before'] = '{"exit_code":${exitCode},"stdout":"","stderr":"${stderr}"}'
  New-Text (Join-Path $Verify.State 'state.json') (@{ id = 'before'; begun = (Join-Path $Verify.State 'begun.txt'); powerOff = $${powerOff}; boot = '2026-01-01T00:00:00.0000000Z'; version = '0.1.0' } | ConvertTo-Json)
`;
const STOPPED = state(false, -1, 'stopped: the agent is shutting down');
const CUT = state(true, 121, 'agent restarted during execution');
const twoSessions = `
  $World.processes += [pscustomobject] @{ Name = 'explorer.exe'; ProcessId = 8; ParentProcessId = 1; SessionId = 3; ExecutablePath = ''; CommandLine = ''; OwnerSid = 'S-1-5-21-1-2-3-1002' }
  New-EndpointOf 'S-1-5-21-1-2-3-1002'
  Start-World
`;

const SCRIPTS: readonly Case[] = [
  correct('Test-ScriptAsSystem'),
  broken(
    'Test-ScriptAsSystem',
    'as somebody',
    answers('User.Value', "New-Answer 0 'S-1-5-19|0'"),
    /account and session: 'S-1-5-19/,
  ),
  correct('Test-ScriptAsUser'),
  broken(
    'Test-ScriptAsUser',
    'as SYSTEM',
    answers('User.Value', "New-Answer 0 'S-1-5-18|2'"),
    /account and session: 'S-1-5-18/,
  ),
  skipped('Test-ScriptAsUser', 'two people', twoSessions, /2 people/),
  correct('Test-ScriptAsSystemGui'),
  broken(
    'Test-ScriptAsSystemGui',
    'in session 0',
    answers('User.Value', "New-Answer 0 'S-1-5-18|0'"),
    /session: 'S-1-5-18.0'/,
  ),
  broken(
    'Test-ScriptAsSystemGui',
    'it fails',
    answers('User.Value', "New-Answer 122 '' 'not supported'"),
    /exit code \(not supported\)/,
  ),
  correct('Test-PowerShellText'),
  broken(
    'Test-PowerShellText',
    'question marks',
    answers('Write-Output', 'New-Answer 0 "????`r`nsecond"'),
    /output: '\?\?\?\?/,
  ),
  correct('Test-PowerShellExitCodes'),
  broken('Test-PowerShellExitCodes', 'exit', answers('^exit 42', 'New-Answer 0'), /exit 42: '0'/),
  broken('Test-PowerShellExitCodes', 'a program', answers('exit 7', 'New-Answer 1'), /a program: '1'/),
  broken('Test-PowerShellExitCodes', 'an error', answers('^throw', 'New-Answer 0'), /an error: '0'/),
  broken('Test-PowerShellExitCodes', 'the last one', answers('nowhere', 'New-Answer 0'), /failed last statement: '0'/),
  correct('Test-CmdCodePage'),
  broken('Test-CmdCodePage', 'it fails', answers('chcp', 'New-Answer 9009'), /exit code: '9009'/),
  correct('Test-CmdText'),
  broken('Test-CmdText', 'quotes', answers('^if exist', "New-Answer 0 'it is there'"), /one line with quotes/),
  broken('Test-CmdText', 'one line only', answers('goto last', "New-Answer 0 'line 1'"), /exit code: '0', not '7'/),
  broken('Test-CmdText', 'code page', answers('goto last', 'New-Answer 7 "line 1`r`nline 2`r`n?? ?"'), /several lines/),
  correct('Test-Timeout'),
  broken(
    'Test-Timeout',
    'its program ends by itself',
    "function Start-Sleep { $World.processes = @($World.processes | Where-Object { $_.Name -ne 'powershell.exe' }) }",
    /has ended by itself/,
  ),
  broken('Test-Timeout', 'the tree goes on', '$World.leavesTree = $true', /goes on/),
  broken(
    'Test-Timeout',
    'another code',
    answers('Start-Sleep 300', "New-Answer 1 '' 'timeout after 20s'"),
    /exit code: '1'/,
  ),
  broken('Test-Timeout', 'no word of it', answers('Start-Sleep 300', 'New-Answer -1'), /it says/),
  correct('Test-StaysAwake'),
  broken('Test-StaysAwake', 'no request', 'function Get-PowerRequests { "None." }', /no power request/),
  broken('Test-StaysAwake', 'it stays', '$World.leavesAwake = $true', /still there afterwards/),
  correct('Test-ConstrainedScripts', '', "$World.registry[$Verify.EnvironmentKey]['__PSLockdownPolicy']"),
  broken(
    'Test-ConstrainedScripts',
    'nothing runs',
    answers('LanguageMode', "New-Answer 1 'ConstrainedLanguage' 'Cannot invoke method'"),
    /exit code \(Cannot invoke method\)/,
  ),
  broken('Test-ConstrainedScripts', 'a code is lost', answers('^exit 42', 'New-Answer 0'), /exit 42/),
  skipped(
    'Test-ConstrainedScripts',
    'Windows does not obey',
    answers('LanguageMode', "New-Answer 0 'FullLanguage'"),
    /FullLanguage/,
  ),
  skipped('Test-ConstrainedScripts', 'not asked for', '$Verify.ConstrainedLanguage = $false', /FullLanguage/),
  broken(
    'Test-ConstrainedScripts',
    'it is set already',
    "$World.registry[$Verify.EnvironmentKey] = @{ __PSLockdownPolicy = '4' }",
    /set on this PC already/,
  ),
  correct('Test-ConstrainedFacts', '', "$World.registry[$Verify.EnvironmentKey]['__PSLockdownPolicy']"),
  broken('Test-ConstrainedFacts', 'PowerShell gives no answer', 'function Add-Inventory { }', /no hardware inventory/),
  skipped('Test-ConstrainedFacts', 'not asked for', '$Verify.ConstrainedLanguage = $false', /-ConstrainedLanguage/),
];

const SESSION: readonly Case[] = [
  correct('Test-IconInSession'),
  broken(
    'Test-IconInSession',
    'none',
    "$World.processes = @($World.processes | Where-Object { $_.Name -ne 'Kanade Tray.exe' })",
    /^0 after/,
  ),
  broken(
    'Test-IconInSession',
    'two',
    "Add-Process 'Kanade Tray.exe' (Join-Path $Verify.Root 'versions/0.1.0/x') '' 2",
    /^2 after/,
  ),
  skipped('Test-IconInSession', 'session 0', '$World.session = 0', /session 0/),
  correct('Test-IconReturns'),
  broken('Test-IconReturns', 'it does not', '$World.iconsReturn = $false', /not back within 75 s/),
  correct('Test-SleepAndResume'),
  broken('Test-SleepAndResume', 'no answer', answers('awake', '$null'), /no result within/),
  skipped('Test-SleepAndResume', 'nobody is asked', '$Verify.Interactive = $false', /-Interactive/),
  correct('Test-ExplorerRestart'),
  broken('Test-ExplorerRestart', 'no icon', "$World.asks['*'] = 'n'", /answer: 'n'/),
  correct('Test-Theme'),
  broken('Test-Theme', 'not readable', "$World.asks['*'] = 'n'", /answer: 'n'/),
  correct(
    'Test-ClosedIcon',
    "function Read-Host { $World.processes = @($World.processes | Where-Object { $_.Name -ne 'Kanade Tray.exe' }) }",
  ),
  broken('Test-ClosedIcon', 'it comes back', '', /icons: '1', not '0'/),
  correct('Test-TwoSessions', twoSessions),
  broken(
    'Test-TwoSessions',
    'one icon',
    `${twoSessions}\n$World.processes = @($World.processes | Where-Object { $_.Name -ne 'Kanade Tray.exe' -or $_.SessionId -ne 3 })`,
    /0 icons in session 3/,
  ),
  broken(
    'Test-TwoSessions',
    'one pipe for both',
    `${twoSessions}\nCopy-Item (Join-Path $Verify.Data "ipc/$($Accounts.signedIn)/endpoint.json") (Join-Path $Verify.Data 'ipc/S-1-5-21-1-2-3-1002/endpoint.json')`,
    /different pipes/,
  ),
  skipped('Test-TwoSessions', 'one person', '', /one person is signed in/),
  correct('Test-FilteredToken', '', '$World.tasks.Keys'),
  broken(
    'Test-FilteredToken',
    'not served',
    "$World.attack = { param($About) $About.results[1].outcome = 'refused' }",
    /connect to the own pipe/,
  ),
  broken(
    'Test-FilteredToken',
    'may all',
    "$World.attack = { param($About) $About.results[2].outcome = 'done' }",
    /can: change the settings/,
  ),
  skipped(
    'Test-FilteredToken',
    'no user account control',
    '$World.attack = { param($About) $About.isAdministrator = $true }',
    /no filtered token/,
  ),
  skipped(
    'Test-FilteredToken',
    'another person',
    "$World.ownSid = 'S-1-5-21-1-2-3-500'",
    /another account is signed in/,
  ),
];

const SYSTEM: readonly Case[] = [
  correct('Test-SetupAsSystem', '', '$World.tasks.Keys'),
  broken('Test-SetupAsSystem', 'it fails', '$World.setupCode = 1603', /exit code of the installation: '1603'/),
  broken('Test-SetupAsSystem', 'the task hangs', 'function Start-ScheduledTask { }', /does not end/),
  broken('Test-SetupAsSystem', 'nothing new', "$World.versionOf['Setup-2.exe'] = '0.1.0'", /same after the upgrade/),
  broken(
    'Test-SetupAsSystem',
    'the programs stay',
    'function Remove-World { $World.services.Clear(); $World.registry.Clear(); 0 }',
    /is still there/,
  ),
  correct('Test-UpgradeByFleet'),
  broken(
    'Test-UpgradeByFleet',
    'not handed over',
    "function New-Text([string] $Path, [string] $Text) { if ($Path -like '*.log') { return }; [System.IO.Directory]::CreateDirectory((Split-Path $Path)) | Out-Null; [System.IO.File]::WriteAllText($Path, $Text) }",
    /not handed over/,
  ),
  broken(
    'Test-UpgradeByFleet',
    'the set-up stays',
    "$World.services['KanadeTraySetup'] = 'Manual'",
    /KanadeTraySetup does not end/,
  ),
  broken('Test-UpgradeByFleet', 'it fails', '$World.setupCode = 1603', /its log ends: ends with 1603/),
  broken('Test-UpgradeByFleet', 'its result is lost', answers('LOG=', '$null'), /no result within/),
  broken('Test-UpgradeByFleet', 'two results', '$World.twice = $true', /results of the command: '2'/),
  correct('Test-RemovalByFleet'),
  broken('Test-RemovalByFleet', 'the service stays', 'function Remove-World { 0 }', /service is still there/),
  broken('Test-RemovalByFleet', 'its result is lost', answers('LOG=', '$null'), /no result within/),
];

const RESTART: readonly Case[] = [
  correct('Test-RemovalBeforeRestart'),
  broken('Test-RemovalBeforeRestart', 'the programs stay', 'function Invoke-Setup { 0 }', /service is still there/),
  correct(
    'Test-ScriptBeforeRestart',
    '',
    "@(Join-Path $Verify.State 'state.json' | Where-Object { -not (Test-Path -LiteralPath $_) })",
  ),
  broken('Test-ScriptBeforeRestart', 'it does not begin', 'function Start-ScriptOfWorld { }', /has not begun/),
  correct('Test-WasRestarted', STOPPED),
  broken(
    'Test-WasRestarted',
    'it was not',
    `${STOPPED}\n$World.boot = [DateTime]::new(2026, 1, 1, 0, 0, 0, [DateTimeKind]::Utc)`,
    /was not restarted/,
  ),
  correct('Test-AgentAfterRestart', STOPPED),
  broken('Test-AgentAfterRestart', 'no agent', `${STOPPED}\n$World.processes = @()`, /does not run/),
  broken(
    'Test-AgentAfterRestart',
    'another version',
    `${STOPPED}\n$World.registry[$Verify.UninstallKey].DisplayVersion = '0.0.9'`,
    /version: '0\.0\.9'/,
  ),
  correct('Test-ScriptAfterRestart', STOPPED),
  { ...correct('Test-ScriptAfterRestart', CUT), name: 'correct, the power was taken away' },
  broken('Test-ScriptAfterRestart', 'no result', `${STOPPED}\n$World.messages.Clear()`, /no result within/),
  broken('Test-ScriptAfterRestart', 'two results', `${STOPPED}\n$World.twice = $true`, /results: '2'/),
  broken(
    'Test-ScriptAfterRestart',
    'it ran twice',
    `${CUT}\nAdd-Content (Join-Path $Verify.State 'begun.txt') 'begun'`,
    /times that it ran: '2'/,
  ),
  broken(
    'Test-ScriptAfterRestart',
    'as if it were cut off',
    state(false, 121, 'x'),
    /exit code \(x\): '121', not '-1'/,
  ),
  broken('Test-ScriptAfterRestart', 'as if it were done', state(true, 0, ''), /'0', not '121'/),
  correct('Test-IconAfterRestart'),
  broken(
    'Test-IconAfterRestart',
    'none',
    "$World.processes = @($World.processes | Where-Object { $_.Name -ne 'Kanade Tray.exe' })",
    /^0 after/,
  ),
  correct('Test-NothingIsLeft'),
  broken(
    'Test-NothingIsLeft',
    'a directory',
    'New-Text "$($Verify.Root).removing-12/uninstall.exe" \'x\'',
    /removing-12/,
  ),
  broken(
    'Test-NothingIsLeft',
    'the service',
    "$World.services['KanadeTraySetup'] = 'Manual'",
    /KanadeTraySetup is left/,
  ),
];

export const USE_CASES: readonly Case[] = [...SCRIPTS, ...SESSION, ...SYSTEM, ...RESTART];
