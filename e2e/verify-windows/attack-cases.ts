/** What a standard user tries: each check on a correct product, and on one for each way in that it has to name. */
import { broken, correct, skipped } from './case-kinds.ts';
import type { Case } from './cases.ts';

const own = 'Join-Path $Verify.Person.own';
const silent = '$World.attack = { param($About) $About.silent = $true }';
const says = (name: string, outcome: string) =>
  `$World.attack = { param($About) $About.results = @(@{ name = '${name}'; outcome = '${outcome}'; detail = 'why' }) }`;
/** Nothing of the planted may be left either. */
const planted = (check: string): Case => ({
  check,
  name: 'correct',
  must: 'PASS',
  after:
    "@(Get-ChildItem -LiteralPath $env:ProgramData -Filter 'Kanade*'; Get-ChildItem -LiteralPath $Verify.Person.own)",
});

const PLANTING: readonly Case[] = [
  planted('Test-PlantedSettings'),
  broken(
    'Test-PlantedSettings',
    'they are obeyed',
    "$World.onInstalled = { New-Text (Join-Path $Verify.Kanade 'config/agent.toml') $Evil }",
    /planted settings count/,
  ),
  broken(
    'Test-PlantedSettings',
    'their owner stays',
    "$World.sddl += , @('*/config', 'O:S-1-5-21-7D:(A;;FA;;;BA)')",
    /config belongs to S-1-5-21-7/,
  ),
  broken(
    'Test-PlantedSettings',
    'the installation fails',
    '$World.setupCode = 1603',
    /exit code of the installation: 1603/,
  ),
  broken('Test-PlantedSettings', 'refused, and running', '$World.setupCode = 3; Start-World', /agent runs although/),
  { check: 'Test-PlantedSettings', name: 'refused', with: '$World.setupCode = 3', must: 'PASS' },
  broken('Test-PlantedSettings', 'the attack did not run', silent, /has not run/),
  broken(
    'Test-PlantedSettings',
    'nothing could be planted',
    says('settings', 'refused'),
    /preparation 'settings' has failed: why/,
  ),
  broken(
    'Test-PlantedSettings',
    'it ran as another account',
    "$World.attack = { param($About) $About.sid = 'S-1-5-18' }",
    /as another account/,
  ),
  broken(
    'Test-PlantedSettings',
    'an administrator',
    '$World.attack = { param($About) $About.isAdministrator = $true }',
    /as an administrator/,
  ),
  broken(
    'Test-PlantedSettings',
    'it could do nothing',
    "$World.attack = { param($About) $About.control = 'refused: x' }",
    /own directory/,
  ),
  skipped(
    'Test-PlantedSettings',
    'Constrained Language',
    "$World.attack = { param($About) $About.language = 'ConstrainedLanguage' }",
    /runs in ConstrainedLanguage/,
  ),
  skipped('Test-PlantedSettings', 'no Secondary Logon', "$World.services['seclogon'] = 'Disabled'", /seclogon/),
  skipped('Test-PlantedSettings', 'as SYSTEM', "$World.ownSid = 'S-1-5-18'", /runs as SYSTEM/),
  planted('Test-PlantedJunction'),
  broken(
    'Test-PlantedJunction',
    'it is followed',
    `$World.onInstalled = { New-Text (Join-Path (${own} 'target') 'agent.toml') 'x' }`,
    /written through a link: agent\.toml/,
  ),
  broken(
    'Test-PlantedJunction',
    'it stays',
    `$World.onInstalled = { Remove-Item $Verify.Kanade -Recurse; New-Junction $Verify.Kanade (${own} 'target') }`,
    /Kanade leads elsewhere/,
  ),
  planted('Test-PlantedInnerJunctions'),
  broken(
    'Test-PlantedInnerJunctions',
    'one is followed',
    `$World.onInstalled = { New-Text (Join-Path (${own} 'target-logs') 'install.log') 'x' }`,
    /through a link: install\.log/,
  ),
  planted('Test-PlantedHardLinks'),
  broken('Test-PlantedHardLinks', 'one stays', '$World.links = 2', /another name elsewhere/),
  broken(
    'Test-PlantedHardLinks',
    'one is written to',
    `$World.onInstalled = { New-Text (${own} 'mine-agent.toml') 'settings' }`,
    /written to mine-agent\.toml/,
  ),
  broken(
    'Test-PlantedHardLinks',
    'one is given away',
    "$World.sddl = @(, @('*/mine-*', 'O:BAD:(A;;FA;;;BA)'))",
    /owner of mine-agent\.toml/,
  ),
  planted('Test-PlantedDestination'),
  broken(
    'Test-PlantedDestination',
    'what lies there is run',
    `function Install-World { New-Text (${own} 'ran') 'ran'; 3 }`,
    /was run by the installer/,
  ),
  broken(
    'Test-PlantedDestination',
    'it stays somebody else’s',
    "function Install-World { 0 }; $World.sddl += , @('*kt-verify-destination*', 'O:S-1-5-21-7D:(A;;FA;;;BA)')",
    /destination belongs to S-1-5-21-7/,
  ),
  broken(
    'Test-PlantedDestination',
    'it fails',
    'function Install-World { 1603 }',
    /exit code of the installation: 1603/,
  ),
  planted('Test-PlantedWay'),
  broken(
    'Test-PlantedWay',
    'what lies beside it is obeyed',
    'function Install-World { 0 }',
    /exit code of the installation: '0'/,
  ),
  broken('Test-PlantedWay', 'refused, and running', 'Start-World', /agent runs although/),
  broken('Test-PlantedWay', 'there is no link', says('way', 'refused'), /preparation 'way' has failed: why/),
  planted('Test-RaceDuringInstallation'),
  broken(
    'Test-RaceDuringInstallation',
    'it is held up',
    '$World.setupCode = 1603',
    /exit code of the installation: '1603'/,
  ),
  broken(
    'Test-RaceDuringInstallation',
    'a program is written to',
    says('$($Verify.Root)', 'done').replace("'$($Verify.Root)'", '"$($Verify.Root).setup/agent/setup.js"'),
    /has written to .*setup\.js/,
  ),
  broken(
    'Test-RaceDuringInstallation',
    'something was planted',
    "$World.onInstalled = { New-Text (Join-Path $Verify.Kanade 'config/agent.toml.new') $Evil }",
    /agent\.toml\.new was planted/,
  ),
  planted('Test-HeldNames'),
  broken('Test-HeldNames', 'it is held up', '$World.onInstalled = { $World.setupCode = 1618 }', /meanwhile: '1618'/),
  broken('Test-HeldNames', 'the lock can be held', says('the lock file', 'done'), /can hold the lock file/),
  broken(
    'Test-HeldNames',
    'a lock on it can be had',
    "$World.attack = { param($About) $About.results[2].outcome = 'done' }",
    /can hold a lock on the lock file/,
  ),
  broken(
    'Test-HeldNames',
    'there is none',
    '$World.onInstalled = { Remove-Item $Verify.Lock }',
    /there is no lock file/,
  ),
  broken(
    'Test-HeldNames',
    'nothing was tried',
    '$World.attack = { param($About) $About.results = @() }',
    /can hold the lock file/,
  ),
];

const AFTERWARDS: readonly Case[] = [
  correct('Test-FilesAsUser'),
  broken(
    'Test-FilesAsUser',
    'one succeeds',
    says('delete agent.toml', 'done'),
    /a standard user can: delete agent\.toml/,
  ),
  broken('Test-FilesAsUser', 'none could be tried', says('delete agent.toml', 'error'), /nothing was tried/),
  broken('Test-FilesAsUser', 'no standard user', '$Verify.Person = $null', /there is no standard user/),
  {
    ...correct('Test-RegistryAsUser'),
    after: "$World.registry[$Verify.RunKey]['kt-verify']",
  },
  {
    ...broken(
      'Test-RegistryAsUser',
      'one succeeds',
      `${says('write to Run', 'done')}\n$World.registry[$Verify.RunKey]['kt-verify'] = 'x'`,
      /can: write to Run/,
    ),
    after: "$World.registry[$Verify.RunKey]['kt-verify']",
  },
  correct('Test-ServiceAsUser'),
  broken('Test-ServiceAsUser', 'it is stopped', says('stop the service', 'done'), /can: stop the service/),
  broken(
    'Test-ServiceAsUser',
    'another agent afterwards',
    '$World.attack = { Stop-Process -Id @(Get-Agents)[0].ProcessId }',
    /the agent afterwards/,
  ),
  correct('Test-Endpoints'),
  broken(
    'Test-Endpoints',
    'none for administrators',
    "Remove-Item (Join-Path $Verify.Data 'ipc/S-1-5-32-544') -Recurse",
    /S-1-5-32-544 has no endpoint/,
  ),
  broken(
    'Test-Endpoints',
    'others read it',
    "$World.sddl = @(, @('*endpoint.json', 'O:SYD:(A;;FA;;;SY)(A;;FR;;;AU)'))",
    /can be read by AU/,
  ),
  broken(
    'Test-Endpoints',
    'a name that can be guessed',
    'New-Text (Join-Path $Verify.Data \'ipc/S-1-5-18/endpoint.json\') \'{"address":"\\\\\\\\.\\\\pipe\\\\kanade-tray"}\'',
    /the address of S-1-5-18/,
  ),
  broken(
    'Test-Endpoints',
    'a pipe of nobody',
    "$World.pipes['kanade-tray-' + '0' * 32] = 'x'",
    /without an endpoint: kanade-tray-0/,
  ),
  correct('Test-PipesOfOthers'),
  broken(
    'Test-PipesOfOthers',
    'a second instance',
    says('make a second instance', 'done'),
    /can: make a second instance/,
  ),
  broken(
    'Test-PipesOfOthers',
    'nobody can make one',
    '$World.noInstances = $true',
    /refusal shows nothing: all instances are busy/,
  ),
  broken('Test-PipesOfOthers', 'no pipe', '$World.pipes = @{}', /there is no pipe/),
  correct('Test-RemoteOpen'),
  broken('Test-RemoteOpen', 'it is let', '$World.remoteOpen = { }', /can be opened over the network/),
  skipped(
    'Test-RemoteOpen',
    'no file sharing',
    "$World.remoteOpen = { throw [System.IO.IOException]::new('path not found') }",
    /path not found/,
  ),
  correct('Test-IdleConnections'),
  broken(
    'Test-IdleConnections',
    'an administrator is kept away',
    "$World.tooMany = 'S-1-5-32-544'",
    /administrator is told: .*too_many/,
  ),
  broken('Test-IdleConnections', 'places are lost', '$World.tooMany = $Accounts.signedIn', /not served afterwards/),
];

export const ATTACK_CASES: readonly Case[] = [...PLANTING, ...AFTERWARDS];
