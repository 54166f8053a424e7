/** What a standard user tries, where it can be tried here: each attempt can be made, and is told apart by how it ends. */
import type { Case } from './cases.ts';
import { inWorld, notInWorld, real } from './part-kinds.ts';

const attempt = (body: string) => `(Invoke-Attempt 'x' { ${body} }).outcome`;
const outcomes = (attack: string, extra = '') =>
  `$In = @{ kanade = $Verify.Kanade; data = $Verify.Data; root = $Verify.Root; lock = $Verify.Lock; service = 'x'; uninstallKey = 'HKLM:u'; runKey = 'HKLM:r'; secretsKey = 'HKLM:s'; policyKey = 'HKLM:p'; own = $Verify.Person.own; stop = (Join-Path $Verify.Person.own 'stop'); ${extra} }; @(Attack-${attack} $In | Group-Object { $_.outcome } | Sort-Object Name | ForEach-Object { "$($_.Count) $($_.Name)" }) -join ', '`;
const NO_PROVIDER =
  "function New-Item { throw [System.Security.SecurityException]::new('denied') }; function New-ItemProperty { throw [System.UnauthorizedAccessException]::new('denied') }; function Get-ItemProperty { throw [System.UnauthorizedAccessException]::new('denied') }";
/** Where the power went during a check: what could harm, or mislead, is undone first of all, and what is somebody else's stays. */
const LEFT_BEHIND: readonly Case[] = [
  inWorld(
    'Remove-Leftovers; "$(Get-StoredPath) $(Test-IsThere (Get-PlantedPath))"',
    /^C:\\Windows;D:\\tools False$/,
    "New-Text (Join-Path (Get-PlantedPath) 'pwsh.exe') 'x'; $World.registry[$Verify.EnvironmentKey] = @{ Path = \"$(Get-PlantedPath);C:\\Windows;D:\\tools\" }",
  ),
  inWorld(
    'Remove-Leftovers; "$(Get-RegistryValue $UserEnvironment \'KANADE_AGENT_DATA_DIR\')"',
    /^$/,
    "$World.registry[$UserEnvironment] = @{ KANADE_AGENT_DATA_DIR = (Join-Path $Verify.Work 'somebody') }",
  ),
  inWorld(
    "Remove-Leftovers; Get-RegistryValue $UserEnvironment 'KANADE_AGENT_DATA_DIR'",
    /^D:\\kanade$/,
    "$World.registry[$UserEnvironment] = @{ KANADE_AGENT_DATA_DIR = 'D:\\kanade' }",
  ),
  inWorld(
    "Remove-Leftovers; @(Get-ChildItem (Join-Path $env:SystemRoot 'Temp') | Where-Object { $_.Name -notmatch 'nsw' } | ForEach-Object { $_.Name }) -join ','",
    /^nsb2\.tmp$/,
    "foreach ($name in 'nsa1.tmp/kt-verify-planted', 'nsb2.tmp/System.dll', 'nsc3.tmp.kt-verify/System.dll') { New-Text (Join-Path $env:SystemRoot \"Temp/$name\") 'x' }",
  ),
  // Whoever breaks a check off tells the attack to end, and ends it where it does not.
  inWorld(
    '$attack = Start-Attack \'HoldNames\'; Invoke-Undo; "$(Test-IsThere $attack.paths.stop) $($attack.process.HasExited)"',
    /^True True$/,
    '$script:ends = 0; function New-EndedProcess { $process = [pscustomobject] @{ ExitCode = 0; HasExited = $false; Id = 1 }; $process }; function Stop-Tree($Process) { $Process.HasExited = $true }',
  ),
  {
    ...inWorld(
      "$attack = Start-Attack 'Flood'; Stop-Attack $attack",
      /runs in ConstrainedLanguage/,
      'function Start-AttackOfWorld($Line) { $null = $Line -match \'-Said "?([^"]+)"?$\'; New-Text $Matches[1] \'{"language":"ConstrainedLanguage"}\' }',
    ),
    result: 'SKIP',
  },
];

export const ATTACK_PART_CASES: readonly Case[] = [
  ...LEFT_BEHIND,
  real(attempt('1'), /^done$/),
  real(attempt("throw [System.UnauthorizedAccessException]::new('no')"), /^refused$/),
  real(attempt("throw [System.Exception]::new('outer', [System.ComponentModel.Win32Exception]::new(5))"), /^refused$/),
  real(attempt('throw [System.ComponentModel.Win32Exception]::new(2)'), /^error$/),
  real(attempt("throw [System.IO.IOException]::new('denied', -2147024891)"), /^refused$/),
  real(attempt("[System.IO.File]::ReadAllText('/nowhere')"), /^error$/),
  // Whoever runs the tests as root may do all of it; every attempt is one that can be made.
  inWorld(outcomes('Files', "version = '0.1.0'"), /^\d+ done(, \d+ error)?$/),
  inWorld(
    outcomes('Files', "version = '0.1.0'"),
    /^62 refused$/,
    "function Invoke-Attempt($N, $B) { [pscustomobject] @{ name = $N; outcome = 'refused' } }",
  ),
  inWorld(outcomes('Registry'), /^6 refused$/, `${NO_PROVIDER}; $World.registry['HKLM:u'] = @{}`),
  inWorld(
    outcomes('Service', 'agents = @(7)'),
    /^1 error, 2 refused$/,
    "function Get-Process([string] $Name) { $one = [pscustomobject] @{ Id = 7 }; $one | Add-Member ScriptMethod Kill { throw [System.ComponentModel.Win32Exception]::new(5) }; $one }; function Get-Service { throw 'gone' }",
  ),
  inWorld(outcomes('Pipes', "pipes = @('a', 'b')"), /^4 done, 2 refused$/),
  inWorld(outcomes('Filtered', "sid = 'S-1-5-18'; pipe = 'a'; administratorsPipe = 'b'"), /^6 done$/),
  inWorld(outcomes('Race'), /^14 done$/, '$script:looks = 0; function Test-Path { $script:looks++ -gt 1 }'),
  inWorld(
    outcomes('HoldNames'),
    /^3 done$/,
    "function New-HeldMutex { [System.IO.MemoryStream]::new() }; function Get-Held { [System.IO.MemoryStream]::new() }; function Set-Begun { New-Text (Join-Path $Verify.Person.own 'stop') 'x' }; function Test-Path { $true }",
  ),
  inWorld(
    outcomes('SquatPipes', 'pipes = @("kt-$([guid]::NewGuid())", "kt-$([guid]::NewGuid())")'),
    /^2 done$/,
    '$script:looks = 0; function Test-Path { $script:looks++ -gt 0 }; function Set-Begun { }',
  ),
  inWorld(outcomes('OwnPipe', "pipe = 'a'"), /^2 done$/),
  inWorld(outcomes('ReadShown', "files = @((Join-Path $Verify.Root 'current.json'), '/nowhere')"), /^1 done, 1 error$/),
  // What it plants goes with it.
  inWorld(
    `"$(${outcomes('Temp', "temp = (Join-Path $env:SystemRoot 'Temp'); names = (Join-Path $Verify.Person.own 'names')")}) $(@(Get-ChildItem (Join-Path $env:SystemRoot 'Temp') -Recurse -Filter kt-verify-planted).Count) $script:planted"`,
    /^2 refused 0 True$/,
    `New-Text (Join-Path $Verify.Person.own 'names') "/nowhere/nsx1.tmp\n"; function Set-Begun { }
     function Invoke-TempAttempts { $script:planted = Test-IsThere (Join-Path $env:SystemRoot "Temp/nsb1A2B.tmp/kt-verify-planted"); New-Text (Join-Path $Verify.Person.own 'stop') 'x'; foreach ($name in 'a', 'b') { [pscustomobject] @{ name = $name; outcome = 'refused'; detail = '' } } }
     function Get-NameOfClock { 'nsb1A2B.tmp' }`,
  ),
  inWorld('Get-NameOfClock', /^ns[a-z][0-9A-F]{1,4}\.tmp$/),
  inWorld(
    "@(Invoke-TempAttempts '/nowhere/nsx1.tmp' | ForEach-Object { $_.outcome }) -join ','",
    /^error,error,error$/,
  ),
  inWorld(
    outcomes('HoldFiles', "way = 'locked'; start = 1; files = @('a', 'b')"),
    /^1 done, 1 refused$/,
    "function Get-Held($Path) { if ($Path -eq 'b') { throw [System.UnauthorizedAccessException]::new('no') }; [System.IO.MemoryStream]::new() }; function Set-Begun { New-Text (Join-Path $Verify.Person.own 'stop') 'x' }",
  ),
  // What was not to be had at first is held later.
  inWorld(
    `$script:asked = 0; "$(${outcomes('HoldFiles', "way = 'locked'; start = 1; files = @('a')")}) $script:asked"`,
    /^1 error 2$/,
    "function Get-Held { if ($script:asked++ -eq 0) { throw 'busy' }; New-Text (Join-Path $Verify.Person.own 'stop') 'x'; [System.IO.MemoryStream]::new() }; function Set-Begun { }",
  ),
  inWorld(
    "$In = [pscustomobject] @{ own = $Verify.Person.own; stop = (Join-Path $Verify.Person.own 'stop') }; @(Attack-Holder $In | ForEach-Object { $_.name + ' ' + $_.outcome + ' ' + $_.detail }) -join ', '",
    /^hold a done , start again done 2 times$/,
    '$Said = Join-Path $Verify.Person.own \'said\'; function Set-Begun { }; function Start-Holder($Where, $HolderSaid) { $start = ([System.IO.File]::ReadAllText($Where) | ConvertFrom-Json).start; New-Text "$HolderSaid.begun" \'x\'; New-Text "$($Verify.Person.own)/held-$start.json" \'[{"name":"hold a","outcome":"done","detail":""}]\'; if ($start -eq 3) { New-Text (Join-Path $Verify.Person.own \'stop\') \'x\' }; New-EndedProcess 1 }',
  ),
  notInWorld(
    "Attack-Holder ([pscustomobject] @{ own = $Verify.Person.own; stop = (Join-Path $Verify.Person.own 'stop') })",
    /has ended before it held anything/,
    "$Said = Join-Path $Verify.Person.own 'said'; function Set-Begun { }; function Start-Holder { New-EndedProcess 1 }",
  ),
  // The C# of both compiles as that of Windows PowerShell 5.1; what this one calls is there on Windows alone.
  real("Add-Type -TypeDefinition $HoldType -CompilerOptions '/langversion:5'; [KanadeVerify.Held].Name", /^Held$/),
  real("Add-Type -TypeDefinition $LinkType -CompilerOptions '/langversion:5'; [KanadeVerify.Link].Name", /^Link$/),
  inWorld(
    outcomes('PlantShell', 'directory = "$($Verify.Work)/path"; mark = \'C:\\ran\''),
    /^1 done$/,
    'function Add-Type($TypeDefinition, $OutputAssembly, $OutputType) { if ($TypeDefinition -notmatch \'AppendAllText\\(@"C:.ran"\' -or $OutputAssembly -notlike "*/path/pwsh.exe") { throw $TypeDefinition } }',
  ),
  inWorld(
    '$about = Invoke-Attacks \'PlantJunction\' @{ kanade = "$($Verify.Kanade)-2"; own = $Verify.Person.own }; "$($about.sid) $($about.isAdministrator) $($about.language) $($about.control) $($about.results[0].outcome)"',
    /^S-1-5-21-1-2-3-1005 False FullLanguage done done$/,
    'function Get-Self { @{ sid = $Accounts.person; isAdministrator = $false } }',
  ),
  inWorld(
    '$about = Invoke-Attacks \'PlantJunction\' @{ kanade = "$($Verify.Kanade)-2"; own = $Verify.Installer }; $about.control',
    /^error: /,
    'function Get-Self { @{ sid = $Accounts.person; isAdministrator = $false } }',
  ),
];
