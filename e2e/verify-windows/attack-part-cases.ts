/** What a standard user tries, where it can be tried here: each attempt can be made, and is told apart by how it ends. */
import type { Case } from './cases.ts';
import { inWorld, real } from './part-kinds.ts';

const attempt = (body: string) => `(Invoke-Attempt 'x' { ${body} }).outcome`;
const outcomes = (attack: string, extra = '') =>
  `$In = @{ kanade = $Verify.Kanade; data = $Verify.Data; root = $Verify.Root; lock = $Verify.Lock; service = 'x'; uninstallKey = 'HKLM:u'; runKey = 'HKLM:r'; secretsKey = 'HKLM:s'; policyKey = 'HKLM:p'; own = $Verify.Person.own; stop = (Join-Path $Verify.Person.own 'stop'); ${extra} }; @(Attack-${attack} $In | Group-Object { $_.outcome } | Sort-Object Name | ForEach-Object { "$($_.Count) $($_.Name)" }) -join ', '`;
const NO_PROVIDER =
  "function New-Item { throw [System.Security.SecurityException]::new('denied') }; function New-ItemProperty { throw [System.UnauthorizedAccessException]::new('denied') }; function Get-ItemProperty { throw [System.UnauthorizedAccessException]::new('denied') }";
export const ATTACK_PART_CASES: readonly Case[] = [
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
    /^4 done, 1 error$/,
    "function New-HeldMutex { [System.IO.MemoryStream]::new() }; function Set-Begun { New-Text (Join-Path $Verify.Person.own 'stop') 'x' }; function Test-Path { $true }",
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
