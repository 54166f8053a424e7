/** What a standard user holds, plants on the way of a set-up or of the service, or asks for without end: correct products and broken ones. */
import { answers, broken, correct, skipped } from './case-kinds.ts';
import type { Case } from './cases.ts';

const says = (name: string, outcome: string) =>
  `$World.attack = { param($About) $About.results = @(@{ name = '${name}'; outcome = '${outcome}'; detail = 'why' }) }`;
/** A process that goes on until it is ended, where `when` holds. */
const goesOn = (when: string) => `
  function New-EndedProcess([int] $Code) {
    $process = [pscustomobject] @{ ExitCode = $Code; HasExited = -not (${when}); Id = 1 }
    $process | Add-Member ScriptMethod WaitForExit { $this.HasExited }
    $process | Add-Member ScriptMethod Kill { $this.HasExited = $true }
    $process
  }
  function Stop-Tree($Process) { $Process.Kill() }`;
const hangs = (installer: string) => `
  ${goesOn(`$script:program -like '*${installer}'`)}
  function Start-Program([string] $Program, [string] $CommandLine = '') { $script:program = $Program; New-EndedProcess (Start-OfWorld $Program $CommandLine) }`;

const TEMP: readonly Case[] = [
  correct(
    'Test-PlantedTemp',
    '',
    "@(Get-ChildItem (Join-Path $env:SystemRoot 'Temp') -Recurse -Filter 'kt-verify*'; Get-ChildItem $Verify.Person.own)",
  ),
  broken(
    'Test-PlantedTemp',
    'its directory is somebody else’s',
    "$World.sddl += , @('*/Temp/nsw*.tmp', 'O:S-1-5-21-7D:(A;;FA;;;BA)')",
    /unpacked into what others can change: .*nsw\d+\.tmp belongs to S-1-5-21-7/,
  ),
  broken(
    'Test-PlantedTemp',
    'a library in it can be changed',
    "$World.sddl += , @('*/System.dll', 'O:BAD:(A;;FA;;;BA)(A;;FW;;;BU)')",
    /System\.dll can be changed by BU/,
  ),
  broken(
    'Test-PlantedTemp',
    'one attempt succeeds',
    says('put a library into nsx', 'done'),
    /standard user can: put a library into nsx/,
  ),
  broken('Test-PlantedTemp', 'it is held up', '$World.setupCode = 2', /exit code of the installation: '2'/),
  broken('Test-PlantedTemp', 'it never ends', 'function Start-ScheduledTask { }', /does not end within 600 s/),
  {
    ...broken(
      'Test-PlantedTemp',
      'what was planted is left, and used',
      "$World.onInstalled = { New-Text (Join-Path $env:SystemRoot 'Temp/nsp1.tmp/kt-verify-planted') 'x'; New-Text (Join-Path $env:SystemRoot 'Temp/nsp1.tmp/System.dll') 'x' }; $World.sddl += , @('*/nsp1.tmp', 'O:S-1-5-21-7D:(A;;FA;;;BA)')",
      /nsp1\.tmp belongs to/,
    ),
    after: "@(Get-ChildItem (Join-Path $env:SystemRoot 'Temp') -Recurse -Filter 'kt-verify*')",
  },
  skipped(
    'Test-PlantedTemp',
    'nothing is seen',
    "$World.onInstalled = { Remove-Item (Join-Path $env:SystemRoot 'Temp/nsw*.tmp') -Recurse }",
    /nothing that the installer has unpacked was seen/,
  ),
  skipped('Test-PlantedTemp', 'no Secondary Logon', "$World.services['seclogon'] = 'Disabled'", /seclogon/),
];

const HELD: readonly Case[] = ['Test-HeldUnshared', 'Test-HeldByLocks'].flatMap((check) => [
  correct(check, '', '@(Get-ChildItem $Verify.Person.own)'),
  broken(check, 'an upgrade fails', "$World.versionOf['Setup-2.exe'] = '0.0.1'", /of an upgrade meanwhile: '1638'/),
  broken(check, 'the upgrade waits for ever', hangs('Setup-2.exe'), /does not end/),
  broken(check, 'the service does not start', '$World.restarts = $false', /does not run after its restart/),
  broken(
    check,
    'the removal fails',
    '$script:removals = 0; function Remove-World { if ($script:removals++ -eq 0) { return 1603 }; $World.registry.Clear(); Remove-Item $Verify.Root -Recurse; 0 }',
    /exit code of the removal meanwhile: '1603'/,
  ),
  skipped(
    check,
    'nothing could be held',
    `$World.letGo = @('uninstall.exe'); ${says('hold current.json', 'error')}`,
    /nothing could be held: hold current\.json: why/,
  ),
  broken(
    check,
    'it is held by nobody any more after the upgrade',
    `$World.onInstalled = { New-Text (Join-Path $Verify.Person.own 'holding.json') '{"process":1,"files":[]}' }`,
    /nothing is held at the restart/,
  ),
  broken(
    check,
    'who holds it is gone',
    "$script:gone = $false; $World.onInstalled = { $script:gone = Test-IsThere (Join-Path $Verify.Person.own 'holding.json') }; function Get-Process { if (-not $script:gone) { 1 } }",
    /nothing is held at the restart/,
  ),
  broken(
    check,
    'the entry in the Start menu is not held',
    "$World.letGo = @('Kanade Tray.lnk')",
    /entry in the Start menu is not held at the removal/,
  ),
  broken(
    check,
    'the entry in the Start menu stays',
    'function Remove-World { $World.processes = @(); $World.services.Clear(); $World.registry.Clear(); Remove-Item $Verify.Root -Recurse; 0 }',
    /entry in the Start menu is still there/,
  ),
  broken(
    check,
    'nobody was ended',
    "$World.attack = { param($About) $About.results[-1].outcome = 'error' }",
    /has ended nobody who held/,
  ),
]);

/** Killed at once, once what people read is shut. */
const caught = `
  $script:started = 0
  $World.sddl = @(, @('*/app', $Trusted)) + $World.sddl
  ${goesOn('$script:started++ -eq 0')}
  function Wait-Program($Process) { $Process.ExitCode }
  function Invoke-Attack($Name, $Extra) { @($Extra.files | ForEach-Object { [pscustomobject] @{ name = "read $_"; outcome = $(if ((Split-Path -Leaf $_) -in $World.shut) { 'refused' } else { 'done' }); detail = 'x' } }) }
`;
const next = (what: string) => `${caught}\nfunction Start-OfWorld { if ($script:started -eq 0) { return 0 }; ${what} }`;
const CUT: readonly Case[] = [
  correct('Test-CutSetup', caught),
  broken(
    'Test-CutSetup',
    'people can not read it afterwards',
    next("$World.shut = @('uninstall.exe'); 0"),
    /after the next set-up: people can not read .*uninstall\.exe/,
  ),
  broken(
    'Test-CutSetup',
    'others could change it meanwhile',
    `${caught}\n$World.sddl = @(, @('*/agent', 'O:BAD:(A;;FA;;;BU)')) + $World.sddl`,
    /agent can be changed by BU/,
  ),
  broken('Test-CutSetup', 'the next one fails', next('1603'), /exit code of the next set-up: '1603'/),
  broken('Test-CutSetup', 'the agent does not come back', next('$World.processes = @(); 0'), /the agent does not run/),
  broken(
    'Test-CutSetup',
    'the service does not start after it',
    `${caught}\n$World.restarts = $false`,
    /does not run after its restart/,
  ),
  skipped('Test-CutSetup', 'it was not caught', '', /not caught in its middle/),
];

const PIPES: readonly Case[] = [
  correct('Test-OwnPipe'),
  broken(
    'Test-OwnPipe',
    'it can be made',
    "$World.attack = { param($About) $About.results[1].outcome = 'done' }",
    /can make a further instance/,
  ),
  broken(
    'Test-OwnPipe',
    'nobody can connect',
    "$World.attack = { param($About) $About.results[0].outcome = 'refused' }",
    /connect to the own pipe' has failed/,
  ),
  broken(
    'Test-OwnPipe',
    'nothing was tried',
    '$World.attack = { param($About) $About.results = @($About.results[0]) }',
    /nothing was tried/,
  ),
  skipped(
    'Test-OwnPipe',
    'it fails otherwise',
    "$World.attack = { param($About) $About.results[1].outcome = 'error' }",
    /otherwise than by a refusal/,
  ),
  skipped(
    'Test-OwnPipe',
    'no user account control',
    '$World.attack = { param($About) $About.isAdministrator = $true }',
    /no filtered token/,
  ),
  correct('Test-SquattedPipes'),
  broken('Test-SquattedPipes', 'names are used again', '$World.sameNames = $true', /uses names again .*kanade-tray-/),
  broken(
    'Test-SquattedPipes',
    'somebody else answers',
    "$World.agentSays = { throw 'the agent has hung up' }",
    /has hung up/,
  ),
  broken('Test-SquattedPipes', 'no pipe', '$World.pipes = @{}', /there is no pipe/),
  skipped(
    'Test-SquattedPipes',
    'no name was free',
    '$World.attack = { param($About) $About.results = @() }',
    /no name was free/,
  ),
  correct('Test-Flood', '', '$World.tasks.Keys'),
  broken(
    'Test-Flood',
    'an administrator waits',
    "$script:asked = 0; $World.agentSays = { if ($script:asked++ -gt 3) { throw 'the agent says nothing within 5000 ms' }; '{\"result\":{}}' }",
    /while a person floods the agent: .*within 5000 ms/,
  ),
  broken(
    'Test-Flood',
    'an administrator is refused',
    '$script:asked = 0; $World.agentSays = { if ($script:asked++ -gt 3) { \'{"error":{"data":"rate_limited"}}\' } else { \'{"result":{}}\' } }',
    /S-1-5-32-544 is told: .*rate_limited/,
  ),
  broken(
    'Test-Flood',
    'it was no flood',
    "$World.attack = { param($About) $About.results[1].outcome = 'error' }",
    /preparation 'call' has failed/,
  ),
  skipped(
    'Test-Flood',
    'no user account control',
    '$World.attack = { param($About) $About.isAdministrator = $true }',
    /no filtered token/,
  ),
];

const PLACES: readonly Case[] = [
  correct(
    'Test-UserEnvironment',
    '',
    "@($World.registry['HKCU:\\Environment'].Keys; $env:KANADE_AGENT_DATA_DIR; Get-ChildItem $Verify.Work -Filter somebody)",
  ),
  {
    ...broken(
      'Test-UserEnvironment',
      'it is made safe',
      "$World.onInstalled = { $World.sddl = @(, @('*/somebody', 'O:BAD:P(A;;FA;;;BA)')) + $World.sddl }",
      /access list of the directory that KANADE_AGENT_DATA_DIR names: 'O:BAD:P/,
    ),
    after: "@($World.registry['HKCU:\\Environment'].Keys; $env:KANADE_AGENT_DATA_DIR)",
  },
  broken(
    'Test-UserEnvironment',
    'it is written to',
    "$World.onInstalled = { New-Text (Join-Path $env:KANADE_AGENT_DATA_DIR 'kanade-tray/store.db') 'x' }",
    /has written to it: kanade-tray/,
  ),
  broken(
    'Test-UserEnvironment',
    'the store is elsewhere',
    "$World.onInstalled = { Remove-Item (Join-Path $Verify.Data 'store.db') }",
    /not where it belongs/,
  ),
  broken('Test-UserEnvironment', 'it fails', '$World.setupCode = 3', /exit code of the installation: '3'/),
  skipped(
    'Test-UserEnvironment',
    'it is set',
    "$World.registry['HKCU:\\Environment'] = @{ KANADE_AGENT_DATA_DIR = 'D:\\kanade' }",
    /is set here already/,
  ),
  correct(
    'Test-PlantedShell',
    "$World.registry[$Verify.EnvironmentKey] = @{ Path = 'C:\\Windows' }",
    "@(Get-ChildItem $env:SystemDrive -Filter kt-verify-path; Get-ChildItem $Verify.Person.own; Get-StoredPath | Where-Object { $_ -ne 'C:\\Windows' })",
  ),
  {
    ...broken(
      'Test-PlantedShell',
      'it is run',
      answers('Get-Process', "New-Text (Join-Path $Verify.Person.own 'ran') 'SYSTEM'; New-Answer 0"),
      /has run the pwsh\.exe of a standard user/,
    ),
    after: "@(Get-ChildItem $env:SystemDrive -Filter kt-verify-path; Get-StoredPath | Where-Object { $_ -ne '' })",
  },
  broken(
    'Test-PlantedShell',
    'nothing is said of it',
    answers('Get-Process', "New-Answer 127 '' 'not found'"),
    /does not say what was passed over: not found/,
  ),
  skipped(
    'Test-PlantedShell',
    'the PATH is an old one',
    answers('echo %PATH%', "New-Answer 0 'C:\\Windows'"),
    /until Windows is restarted/,
  ),
  skipped('Test-PlantedShell', 'no fleet', "$Verify.Nats = ''", /no -Nats/),
];

export const HOLDING_CASES: readonly Case[] = [...TEMP, ...HELD, ...CUT, ...PIPES, ...PLACES];
