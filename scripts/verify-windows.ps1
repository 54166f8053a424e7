<#
.SYNOPSIS
  Checks Kanade Tray on a real Windows: attacks it, installs it, uses it, upgrades it, takes it away, and reports.

.DESCRIPTION
  What can't be shown on a build machine, as one list that runs itself. Start it from an elevated prompt, with Windows PowerShell 5.1
  or PowerShell 7 (64-bit), on a PC or a virtual machine that may be changed, has no Kanade Tray and no original agent, and of which
  there is a snapshot; the directory verify-windows has to lie beside this file. Every check says PASS, FAIL or SKIP with the reason;
  the end is a summary and a JSON report. The exit code is 0 without a failure, else their number; 255: nothing was checked. It never
  stops at a failure, and undoes what it has made (an account, tasks, files, the product) also after Ctrl+C. Where the power went
  meanwhile, the next run begins by undoing what could harm (PATH, variables); the account kt-verify goes with it, too.

  Restart and power-off: first -Stage BeforeRestart, then what it says, then -Stage AfterRestart with the same parameters.

.PARAMETER Installer
  The installer of the version to check.

.PARAMETER NextInstaller
  The installer of a newer version; without it the checks of the upgrade are skipped.

.PARAMETER NatsUrl
  The broker to use. Default nats://127.0.0.1:4222.

.PARAMETER NatsServer
  nats-server.exe; it is then started here, with JetStream, on the port of NatsUrl, and ended again.

.PARAMETER Nats
  nats.exe, the command line of NATS; without it no commands can be sent, and the checks of scripts are skipped.

.PARAMETER Report
  Where the JSON report goes. Default verify-windows.json in the current directory.

.PARAMETER Stage
  All (default): everything but restarts. BeforeRestart leaves a script running; AfterRestart looks at what became of it.

.PARAMETER PowerOff
  With -Stage BeforeRestart: the power will be taken away, instead of an orderly restart.

.PARAMETER ConstrainedLanguage
  Puts all PowerShells of this PC that begin into Constrained Language (__PSLockdownPolicy) for the minutes of two checks. Without it
  the first of them counts only on a PC whose AppLocker or WDAC policy does it.

.PARAMETER Interactive
  Also the checks in which a person has to do something: sign somebody in, sleep, the theme, Explorer.

.PARAMETER KeepInstalled
  Does not take the product away in the end.

.PARAMETER Skip
  What can't be checked on this PC: the functions of the checks (verify-windows\main.ps1), each with the reason, which the report has.

.EXAMPLE
  powershell -ExecutionPolicy Bypass -File verify-windows.ps1 -Installer .\Kanade-Tray-Setup-0.1.0.exe -NatsServer .\nats-server.exe -Nats .\nats.exe
#>
[CmdletBinding()]
param(
  [string] $Installer = '',
  [string] $NextInstaller = '',
  [string] $NatsUrl = 'nats://127.0.0.1:4222',
  [string] $NatsServer = '',
  [string] $Nats = '',
  [string] $Report = 'verify-windows.json',
  [ValidateSet('All', 'BeforeRestart', 'AfterRestart')] [string] $Stage = 'All',
  [switch] $PowerOff,
  [switch] $ConstrainedLanguage,
  [switch] $Interactive,
  [switch] $KeepInstalled,
  [hashtable] $Skip = @{}
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

# Before the parts are dot-sourced themselves. By its tests: then nothing runs.
$IsDotSourced = $MyInvocation.InvocationName -eq '.'
$Scripts = Join-Path $PSScriptRoot 'verify-windows'
foreach ($part in 'checks', 'programs', 'access', 'product', 'fleet', 'standard-user', 'attacks', 'attacks-holding', 'attacks-link-client', 'attacks-link', 'checks-installation', 'checks-scripts', 'checks-session', 'checks-pipes', 'checks-planting', 'checks-holding', 'checks-system', 'checks-restart', 'main') {
  . (Join-Path $Scripts "$part.ps1")
}

if (-not $IsDotSourced) {
  if ("$env:SystemRoot" -eq '') {
    Write-Host 'Nothing was checked. This is no Windows.'
    exit 255
  }
  # .NET has a current directory of its own.
  $full = @{}
  foreach ($name in 'Installer', 'NextInstaller', 'NatsServer', 'Report') {
    $given = Get-Variable -Name $name -ValueOnly
    $full[$name] = if ($given -eq '') { '' } else { $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($given) }
  }
  $program = $Nats
  if ($Nats -ne '') {
    $found = @(Get-Command -Name $Nats -CommandType Application -ErrorAction SilentlyContinue)
    if ($found.Count -gt 0) { $program = $found[0].Path }
  }
  $Verify = New-Verify @{
    Installer = $full.Installer; NextInstaller = $full.NextInstaller; NatsUrl = $NatsUrl; NatsServer = $full.NatsServer; Nats = $program
    Stage = $Stage; PowerOff = $PowerOff.IsPresent; Interactive = $Interactive.IsPresent; KeepInstalled = $KeepInstalled.IsPresent
    ConstrainedLanguage = $ConstrainedLanguage.IsPresent; Report = $full.Report; Scripts = $Scripts; Skip = $Skip
  }
  exit (Invoke-Verify | Select-Object -Last 1)
}
