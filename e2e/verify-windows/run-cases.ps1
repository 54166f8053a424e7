# Runs each case of a JSON file in a Windows of its own (stand-ins.ps1) and writes what became of it.
# The script makes $Scripts the directory of its parts.
param([string] $Cases, [string] $Results, [string] $Scripts)

. (Join-Path $Scripts 'verify-windows.ps1')

function Invoke-Case($Case, [string] $Directory) {
  $env:ProgramFiles = Join-Path $Directory 'Program Files'
  $env:ProgramData = Join-Path $Directory 'ProgramData'
  $env:SystemRoot = Join-Path $Directory 'Windows'
  $env:SystemDrive = $Directory
  $env:COMPUTERNAME = 'PC'
  foreach ($path in $env:ProgramFiles, $env:ProgramData) { [System.IO.Directory]::CreateDirectory($path) | Out-Null }
  $Verify = New-Verify @{
    Installer = (Join-Path $Directory 'Setup-1.exe'); NextInstaller = (Join-Path $Directory 'Setup-2.exe'); NatsUrl = 'nats://127.0.0.1:4222'; NatsServer = ''
    Nats = (Join-Path $Directory 'nats'); Stage = 'All'; PowerOff = $false; Interactive = $true; KeepInstalled = $false; ConstrainedLanguage = $true
    Report = (Join-Path $Directory 'report.json'); Scripts = $Scripts; Skip = @{}
  }
  foreach ($path in $Verify.Installer, $Verify.NextInstaller, $Verify.Nats) { [System.IO.File]::WriteAllText($path, 'installer') }
  function Write-Host { }
  [System.IO.Directory]::CreateDirectory($Verify.Work) | Out-Null
  if ($Case.real) { return Invoke-Real $Case }
  . (Join-Path $PSScriptRoot 'stand-ins.ps1')
  $Verify.Begun = Get-Date
  foreach ($path in $Verify.Work, $Verify.State) { [System.IO.Directory]::CreateDirectory($path) | Out-Null }
  $World.session = 2
  $World.profile = $false
  $World.processes = @([pscustomobject] @{ Name = 'explorer.exe'; ProcessId = 7; ParentProcessId = 1; SessionId = 2; ExecutablePath = ''; CommandLine = ''; OwnerSid = $Accounts.signedIn })
  foreach ($name in 'filtered', 'noInstances', 'tooMany', 'twice', 'leavesTree') { $World[$name] = $false }
  $World.service = [pscustomobject] @{
    State = 'Running'; StartMode = 'Auto'; StartName = 'LocalSystem'; PathName = '"' + (Join-Path $Verify.Root 'private\kanade-tray-agent.exe') + '"'
  }
  $Verify.Person = @{ sid = $Accounts.person; credential = $null; own = (Join-Path $Verify.Work 'person') }
  [System.IO.Directory]::CreateDirectory($Verify.Person.own) | Out-Null
  if (-not $Case.absent) { Install-World $Verify.Installer '' | Out-Null }
  . ([scriptblock]::Create($Case.with))
  Invoke-Check $Case.check ([scriptblock]::Create($Case.check))
  $last = $Verify.Results | Where-Object { $_.check -eq $Case.check } | Select-Object -First 1
  $others = @($Verify.Results | Where-Object { $_ -ne $last } | ForEach-Object { "$($_.result) $($_.check): $($_.detail)" })
  return @{ name = $Case.name; result = $last.result; detail = $last.detail; others = $others; undo = @($Verify.Undo | ForEach-Object { $_.what }); tasks = $World.tasks.Count; after = "$(& ([scriptblock]::Create($Case.after)))" }
}

# With the real functions, and whatever the case puts in the place of some.
function Invoke-Real($Case) {
  . ([scriptblock]::Create($Case.with))
  Invoke-Check $Case.check ([scriptblock]::Create($Case.check))
  $last = $Verify.Results[$Verify.Results.Count - 1]
  return @{ name = $Case.name; result = $last.result; detail = $last.detail; others = @(); undo = @(); tasks = 0; after = '' }
}

$number = 0
$all = foreach ($case in @(Get-Content -LiteralPath $Cases -Raw | ConvertFrom-Json)) {
  $number++
  $directory = Join-Path (Split-Path $Cases) "case-$number"
  [System.IO.Directory]::CreateDirectory($directory) | Out-Null
  Invoke-Case $case $directory
}
[System.IO.File]::WriteAllText($Results, (ConvertTo-Json -InputObject @($all) -Depth 6))
