<#
.SYNOPSIS
  Checks Kanade Tray on a real Windows: installs it, uses it, upgrades it, takes it away, and reports.

.DESCRIPTION
  What can't be shown on a build machine, as one list that runs itself. Start it from an elevated prompt, with Windows PowerShell 5.1
  or PowerShell 7, on a PC that may be changed. It prints a table and writes a JSON report; its exit code is the number of failed
  checks. A check that lacks something is skipped and says what. It never stops at a failure, and takes away what it has installed.

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

.PARAMETER Interactive
  Also the checks in which a person has to do something: sign out and in, sleep, the theme, Explorer.

.PARAMETER KeepInstalled
  Does not take the product away in the end.

.EXAMPLE
  powershell -ExecutionPolicy Bypass -File verify-windows.ps1 -Installer .\Kanade-Tray-Setup-0.1.0.exe -NatsServer .\nats-server.exe -Nats .\nats.exe
#>
[CmdletBinding()]
param(
  [Parameter(Mandatory = $true)] [string] $Installer,
  [string] $NextInstaller = '',
  [string] $NatsUrl = 'nats://127.0.0.1:4222',
  [string] $NatsServer = '',
  [string] $Nats = '',
  [string] $Report = 'verify-windows.json',
  [switch] $Interactive,
  [switch] $KeepInstalled
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

$Root = Join-Path $env:ProgramFiles 'Kanade Tray'
$Data = Join-Path $env:ProgramData 'Kanade\data\kanade-tray'
$Service = 'KanadeTrayAgent'
$Uninstall = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\KanadeTray'
$PcId = 'VERIFY-' + $env:COMPUTERNAME
$Work = Join-Path $env:TEMP ('kanade-verify-' + [guid]::NewGuid().ToString('N'))
$Results = New-Object System.Collections.Generic.List[object]
New-Item -ItemType Directory -Path $Work | Out-Null

# --- how a check is written ------------------------------------------------------------------------------------------------

function Skip([string] $Why) { throw [System.OperationCanceledException]::new($Why) }

function Assert([bool] $Holds, [string] $Otherwise) { if (-not $Holds) { throw $Otherwise } }

function Assert-Equal($Is, $Must, [string] $What) {
  if ($Is -ne $Must) { throw "${What}: '$Is', not '$Must'" }
}

# Runs one check and keeps what became of it; the text that it returns is its detail.
function Check([string] $Name, [scriptblock] $Work) {
  $watch = [System.Diagnostics.Stopwatch]::StartNew()
  $result = 'passed'
  $detail = ''
  try {
    $detail = [string] (& $Work | Select-Object -Last 1)
  } catch [System.OperationCanceledException] {
    $result = 'skipped'
    $detail = $_.Exception.Message
  } catch {
    $result = 'failed'
    $detail = $_.Exception.Message
  }
  $seconds = [math]::Round($watch.Elapsed.TotalSeconds, 1)
  $Results.Add([pscustomobject] @{ check = $Name; result = $result; seconds = $seconds; detail = $detail })
  Write-Host ('{0,-8} {1,6}s  {2}  {3}' -f $result, $seconds, $Name, $detail)
}

function Wait-Until([scriptblock] $Holds, [int] $Seconds) {
  $until = (Get-Date).AddSeconds($Seconds)
  while ((Get-Date) -lt $until) {
    if (& $Holds) { return $true }
    Start-Sleep -Milliseconds 500
  }
  return $false
}

# --- installer and service -------------------------------------------------------------------------------------------------

function Invoke-Setup([string] $Program, [string[]] $Arguments) {
  (Start-Process -FilePath $Program -ArgumentList (@('/S') + $Arguments) -Wait -PassThru).ExitCode
}

function Get-Choice([string] $Key, [string] $Name) {
  $found = Get-ItemProperty -LiteralPath $Key -ErrorAction SilentlyContinue
  if ($null -eq $found -or $found.PSObject.Properties.Name -notcontains $Name) { return $null }
  return $found.$Name
}

function Get-Trays { @(Get-Process -Name 'Kanade Tray' -ErrorAction SilentlyContinue | Where-Object { $_.Path -like "$Root\versions\*" }) }

function Get-OwnSession { (Get-Process -Id $PID).SessionId }

# Who may do something there, by SID; inherited entries count as well.
function Get-AllowedSids([string] $Path) {
  $rules = (Get-Acl -LiteralPath $Path).GetAccessRules($true, $true, [System.Security.Principal.SecurityIdentifier])
  @($rules | Where-Object { $_.AccessControlType -eq 'Allow' } | ForEach-Object { $_.IdentityReference.Value } | Sort-Object -Unique)
}

# --- commands through the broker -------------------------------------------------------------------------------------------

function Invoke-Nats([string[]] $Arguments) {
  if ($Nats -eq '') { Skip 'no -Nats: commands can not be sent' }
  $output = & $Nats --server $NatsUrl @Arguments 2>&1
  if ($LASTEXITCODE -ne 0) { throw "nats $($Arguments -join ' '): $output" }
  return ($output -join "`n")
}

function Initialize-Fleet {
  foreach ($stream in @(@('EXEC', 'commands.>'), @('RESULTS', 'results.>'), @('EVENTS', 'events.>'), @('INVENTORY', 'inventory.>'))) {
    $about = @('stream', 'add', $stream[0], '--subjects', $stream[1], '--storage', 'file', '--defaults')
    if ($stream[0] -eq 'EXEC') { $about += @('--max-msgs-per-subject', '1') }
    Invoke-Nats $about | Out-Null
  }
  foreach ($bucket in 'agent_config', 'agent_groups', 'agent_groups_derived', 'script_current', 'script_status', 'jobs') {
    Invoke-Nats @('kv', 'add', $bucket) | Out-Null
  }
}

# Sends a command; returns its request_id.
function Send-Command-Of-IT([string] $Shell, [string] $Script, [string] $RunAs = 'system', [int] $Timeout = 60) {
  $id = [guid]::NewGuid().ToString()
  $command = [ordered] @{
    id = 'verify'; version = '1.0.0'; request_id = $id; exec_id = $null; shell = $Shell; script = $Script
    timeout_secs = $Timeout; jitter_secs = $null; run_as = $RunAs; staleness = @{ mode = 'cached' }
  }
  $file = Join-Path $Work "$id.json"
  [System.IO.File]::WriteAllText($file, ($command | ConvertTo-Json -Compress -Depth 5), (New-Object System.Text.UTF8Encoding $false))
  Get-Content -LiteralPath $file -Raw -Encoding UTF8 | & $Nats --server $NatsUrl pub "commands.pc.$PcId" --force-stdin | Out-Null
  return $id
}

function Wait-Result([string] $Id, [int] $Seconds) {
  $script:Answer = $null
  $arrived = Wait-Until {
    $text = & $Nats --server $NatsUrl stream get RESULTS --last-for "results.$Id" --json 2>$null
    if ($LASTEXITCODE -ne 0) { return $false }
    $stored = ($text -join "`n") | ConvertFrom-Json
    $script:Answer = [System.Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($stored.data)) | ConvertFrom-Json
    return $true
  } $Seconds
  Assert $arrived "no result within $Seconds s"
  return $script:Answer
}

function Invoke-Command-Of-IT([string] $Shell, [string] $Script, [string] $RunAs = 'system', [int] $Timeout = 60) {
  return Wait-Result (Send-Command-Of-IT $Shell $Script $RunAs $Timeout) ($Timeout + 30)
}

# --- the list --------------------------------------------------------------------------------------------------------------

$principal = New-Object System.Security.Principal.WindowsPrincipal ([System.Security.Principal.WindowsIdentity]::GetCurrent())
if (-not $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)) {
  Write-Error 'Start this from an elevated prompt.'
}

$broker = $null
if ($NatsServer -ne '') {
  $port = ([uri] $NatsUrl).Port
  $about = @('--jetstream', '--store_dir', "`"$Work\nats`"", '--addr', '127.0.0.1', '--port', $port)
  $broker = Start-Process -FilePath $NatsServer -ArgumentList $about -PassThru -WindowStyle Hidden
  Start-Sleep -Seconds 2
}

try {
  if ($Nats -ne '') { Initialize-Fleet }

  Check 'signatures of the installer' {
    $state = (Get-AuthenticodeSignature -LiteralPath $Installer).Status
    if ($Installer -like '*TEST-ONLY*') { Skip "a test build ($state)" }
    Assert-Equal $state 'Valid' 'signature'
  }

  Check 'a silent installation ends with 0' {
    Assert-Equal (Invoke-Setup $Installer @("/NATSURL=$NatsUrl", "/PCID=$PcId")) 0 'exit code'
    Get-Choice $Uninstall 'DisplayVersion'
  }

  Check 'the service: automatic, LocalSystem, from bin' {
    $found = Get-CimInstance -ClassName Win32_Service -Filter "Name='$Service'"
    Assert ($null -ne $found) 'it is not there'
    Assert-Equal $found.State 'Running' 'state'
    Assert-Equal $found.StartMode 'Auto' 'start'
    Assert-Equal $found.StartName 'LocalSystem' 'account'
    Assert-Equal $found.PathName "`"$Root\bin\kanade-tray-agent.exe`"" 'program'
  }

  Check 'the service is restarted after failures, and has its time at a shutdown' {
    $failure = (& "$env:SystemRoot\System32\sc.exe" qfailure $Service) -join "`n"
    Assert ($failure -match '5000') 'no restart after 5 s'
    Assert ($failure -match '60000') 'no restart after 60 s'
    $key = "HKLM:\SYSTEM\CurrentControlSet\Services\$Service"
    Assert-Equal (Get-Choice $key 'PreshutdownTimeout') 60000 'pre-shutdown time'
  }

  Check 'a killed agent is back within a minute' {
    $before = @(Get-CimInstance Win32_Process -Filter "Name='node.exe'" | Where-Object { $_.CommandLine -like '*--service*' })
    Assert ($before.Count -eq 1) "$($before.Count) agents run"
    Stop-Process -Id $before[0].ProcessId -Force
    $back = Wait-Until {
      $now = @(Get-CimInstance Win32_Process -Filter "Name='node.exe'" | Where-Object { $_.CommandLine -like '*--service*' })
      $now.Count -eq 1 -and $now[0].ProcessId -ne $before[0].ProcessId
    } 60
    Assert $back 'it is not'
  }

  Check 'nobody but SYSTEM and Administrators reads the store' {
    $others = @(Get-AllowedSids (Split-Path $Data) | Where-Object { $_ -notin 'S-1-5-18', 'S-1-5-32-544' })
    Assert ($others.Count -eq 0) "these may: $($others -join ', ')"
  }

  Check 'people can not change the programs' {
    $rules = (Get-Acl -LiteralPath $Root).GetAccessRules($true, $true, [System.Security.Principal.SecurityIdentifier])
    $write = [System.Security.AccessControl.FileSystemRights] 'Write, Delete, ChangePermissions, TakeOwnership'
    $people = @($rules | Where-Object { $_.IdentityReference.Value -in 'S-1-5-32-545', 'S-1-5-11', 'S-1-1-0' -and ($_.FileSystemRights -band $write) })
    Assert ($people.Count -eq 0) 'they can'
  }

  Check 'the Start menu has an entry with the identity of the application' {
    $folder = Join-Path $env:ProgramData 'Microsoft\Windows\Start Menu\Programs'
    $entry = (New-Object -ComObject Shell.Application).Namespace($folder).ParseName('Kanade Tray.lnk')
    Assert ($null -ne $entry) 'there is none'
    Assert-Equal $entry.ExtendedProperty('System.AppUserModel.ID') 'KanadeTray' 'identity'
  }

  Check 'the icon is in this session within a minute' {
    Assert (Wait-Until { @(Get-Trays | Where-Object { $_.SessionId -eq (Get-OwnSession) }).Count -gt 0 } 60) 'it is not'
  }

  Check 'an icon that died is back within a minute' {
    Get-Trays | Stop-Process -Force
    Assert (Wait-Until { (Get-Trays).Count -gt 0 } 75) 'it is not'
  }

  Check 'entries in the Event Log carry their texts' {
    $entry = Get-WinEvent -MaxEvents 1 -FilterHashtable @{ LogName = 'Application'; ProviderName = 'Kanade Tray'; Id = 1000 }
    Assert ($entry.Message -match 'started for') "text: $($entry.Message)"
  }

  foreach ($case in @(
      @{ as = 'system'; must = 'nt authority\system'; session = 0 },
      @{ as = 'user'; must = "$env:USERDOMAIN\$env:USERNAME"; session = (Get-OwnSession) },
      @{ as = 'system_gui'; must = 'nt authority\system'; session = (Get-OwnSession) })) {
    Check "a script as $($case.as)" {
      if ($Nats -eq '') { Skip 'no -Nats' }
      $script = '[System.Security.Principal.WindowsIdentity]::GetCurrent().Name + "|" + (Get-Process -Id $PID).SessionId'
      $answer = Invoke-Command-Of-IT 'powershell' $script $case.as
      Assert-Equal $answer.exit_code 0 "exit code ($($answer.stderr))"
      $who, $session = $answer.stdout.Trim() -split '\|'
      Assert-Equal $who.ToLower() $case.must.ToLower() 'account'
      Assert-Equal ([int] $session) $case.session 'session'
    }
  }

  Check 'PowerShell: Japanese, emoji and several lines arrive as they were written' {
    if ($Nats -eq '') { Skip 'no -Nats' }
    $text = [string]::Concat([char] 0x65E5, [char] 0x672C, [char] 0x8A9E, [char]::ConvertFromUtf32(0x1F389))
    $answer = Invoke-Command-Of-IT 'powershell' "Write-Output '$text'`nif (`$true) {`n  Write-Output 'second'`n}"
    Assert-Equal ($answer.stdout -replace "`r", '').TrimEnd() "$text`nsecond" 'output'
  }

  Check 'PowerShell: exit codes of exit, of programs and of errors' {
    if ($Nats -eq '') { Skip 'no -Nats' }
    Assert-Equal (Invoke-Command-Of-IT 'powershell' 'exit 42').exit_code 42 'exit 42'
    Assert-Equal (Invoke-Command-Of-IT 'powershell' 'cmd /c exit 7; exit $LASTEXITCODE').exit_code 7 'a program'
    Assert-Equal (Invoke-Command-Of-IT 'powershell' 'throw "no"').exit_code 1 'an error'
  }

  Check 'cmd: the code page of the console' {
    if ($Nats -eq '') { Skip 'no -Nats' }
    $answer = Invoke-Command-Of-IT 'cmd' 'chcp & ver'
    Assert-Equal $answer.exit_code 0 'exit code'
    $answer.stdout.Trim()
  }

  Check 'cmd: quotes, several lines, and characters of any language' {
    if ($Nats -eq '') { Skip 'no -Nats' }
    $answer = Invoke-Command-Of-IT 'cmd' 'if exist "%ProgramFiles%\Kanade Tray\current.json" echo "it is there"'
    Assert-Equal $answer.stdout.Trim() '"it is there"' 'one line with quotes'
    $lines = @('for %%i in (1 2) do echo line %%i', 'goto last', 'echo left out', ':last', "echo $([char] 0x65E5)$([char] 0x672C) $([char] 0x2713)", 'exit /b 7')
    $answer = Invoke-Command-Of-IT 'cmd' ($lines -join "`n")
    Assert-Equal $answer.exit_code 7 'exit code'
    $shown = @($answer.stdout.Trim() -split "`r?`n")
    Assert-Equal ($shown -join '|') "line 1|line 2|$([char] 0x65E5)$([char] 0x672C) $([char] 0x2713)" 'several lines'
  }

  Check 'a script that is over its time ends with its whole tree' {
    if ($Nats -eq '') { Skip 'no -Nats' }
    $mark = 'verify-' + [guid]::NewGuid().ToString('N')
    $script = "Start-Process powershell -ArgumentList '-Command', 'Start-Sleep 300 # $mark' -WindowStyle Hidden; Start-Sleep 300"
    $answer = Invoke-Command-Of-IT 'powershell' $script 'system' 5
    Assert-Equal $answer.exit_code (-1) 'exit code'
    Start-Sleep -Seconds 2
    $left = @(Get-CimInstance Win32_Process | Where-Object { $_.CommandLine -like "*$mark*" -and $_.ProcessId -ne $PID })
    Assert ($left.Count -eq 0) "$($left.Count) processes are left"
  }

  Check 'the PC does not fall asleep while a script runs' {
    if ($Nats -eq '') { Skip 'no -Nats' }
    $answer = Invoke-Command-Of-IT 'powershell' 'powercfg /requests'
    Assert ($answer.stdout -match 'Kanade Tray') 'no power request'
    Start-Sleep -Seconds 2
    Assert (-not (((& powercfg.exe /requests) -join "`n") -match 'Kanade Tray')) 'it is still there afterwards'
  }

  Check 'sleep and resume: the agent is connected again' {
    if (-not $Interactive) { Skip 'only with -Interactive' }
    Read-Host 'Put the PC to sleep, wake it up, sign in, and press Enter' | Out-Null
    $answer = Invoke-Command-Of-IT 'cmd' 'echo awake'
    Assert-Equal $answer.exit_code 0 'exit code'
  }

  Check 'the icon survives a restart of Explorer' {
    if (-not $Interactive) { Skip 'only with -Interactive' }
    Stop-Process -Name explorer -Force
    Assert-Equal (Read-Host 'Is there exactly one icon of Kanade Tray after a few seconds? (y/n)') 'y' 'answer'
  }

  Check 'the icon follows the theme of the taskbar' {
    if (-not $Interactive) { Skip 'only with -Interactive' }
    Assert-Equal (Read-Host 'Switch between light and dark: is the icon readable in both? (y/n)') 'y' 'answer'
  }

  Check 'an icon that was closed stays away until the next sign-in' {
    if (-not $Interactive) { Skip 'only with -Interactive' }
    Read-Host 'Close the icon by its menu, wait two minutes, and press Enter' | Out-Null
    Assert-Equal (Get-Trays).Count 0 'icons'
    Read-Host 'Sign out and in, start this again with -Interactive if you like, and press Enter' | Out-Null
  }

  Check 'the same version again is a repair' {
    $file = Join-Path $Root "versions\$(Get-Choice $Uninstall 'DisplayVersion')\agent\main.js"
    $before = (Get-FileHash -LiteralPath $file).Hash
    Set-Content -LiteralPath $file -Value 'damaged'
    Assert-Equal (Invoke-Setup $Installer @()) 0 'exit code'
    Assert-Equal (Get-FileHash -LiteralPath $file).Hash $before 'digest'
  }

  Check 'an upgrade lets a script end first' {
    if ($NextInstaller -eq '') { Skip 'no -NextInstaller' }
    if ($Nats -eq '') { Skip 'no -Nats' }
    $before = Get-Choice $Uninstall 'DisplayVersion'
    $begun = Join-Path $Work 'begun'
    $id = Send-Command-Of-IT 'powershell' "Set-Content -LiteralPath '$begun' -Value 1; Start-Sleep 15; 'done'"
    Assert (Wait-Until { Test-Path -LiteralPath $begun } 30) 'the script has not begun'
    Assert-Equal (Invoke-Setup $NextInstaller @()) 0 'exit code'
    $answer = Wait-Result $id 60
    Assert-Equal $answer.exit_code 0 'exit code of the script'
    Assert-Equal $answer.stdout.Trim() 'done' 'output of the script'
    Assert ((Get-Choice $Uninstall 'DisplayVersion') -ne $before) 'the version is the same'
    Assert (Test-Path -LiteralPath (Join-Path $Root "versions\$before")) 'the version before is gone'
  }

  Check 'an older version is refused with 1638, and goes back with /ALLOWDOWNGRADE' {
    if ($NextInstaller -eq '') { Skip 'no -NextInstaller' }
    Assert-Equal (Invoke-Setup $Installer @()) 1638 'exit code'
    Assert-Equal (Invoke-Setup $Installer @('/ALLOWDOWNGRADE=1')) 0 'exit code with /ALLOWDOWNGRADE=1'
  }

  Check 'a removal keeps the data' {
    if ($KeepInstalled) { Skip '-KeepInstalled' }
    Assert-Equal (Invoke-Setup (Join-Path $Root 'uninstall.exe') @('/allusers')) 0 'exit code'
    Assert ($null -eq (Get-Service -Name $Service -ErrorAction SilentlyContinue)) 'the service is still there'
    Assert (Test-Path -LiteralPath (Join-Path $Data 'store.db')) 'the store is gone'
    Assert (-not (Test-Path -LiteralPath $Root)) "$Root is still there"
  }

  Check 'a purge leaves nothing' {
    if ($KeepInstalled) { Skip '-KeepInstalled' }
    Assert-Equal (Invoke-Setup $Installer @('/NOSTART=1')) 0 'exit code of the installation'
    Assert-Equal (Invoke-Setup (Join-Path $Root 'uninstall.exe') @('/PURGE=1')) 0 'exit code'
    foreach ($path in $Root, $Data, $Uninstall) { Assert (-not (Test-Path -LiteralPath $path)) "$path is still there" }
    Assert ($null -eq (Get-Choice 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Run' 'Kanade Tray')) 'the Run value is still there'
  }
} finally {
  if ($null -ne $broker) { Stop-Process -Id $broker.Id -Force -ErrorAction SilentlyContinue }
  Remove-Item -LiteralPath $Work -Recurse -Force -ErrorAction SilentlyContinue
}

# --- the report ------------------------------------------------------------------------------------------------------------

$failed = @($Results | Where-Object { $_.result -eq 'failed' }).Count
$system = Get-CimInstance -ClassName Win32_OperatingSystem
$summary = [ordered] @{
  at = (Get-Date).ToUniversalTime().ToString('o')
  windows = "$($system.Caption) $($system.Version)"
  powershell = $PSVersionTable.PSVersion.ToString()
  installer = (Split-Path -Leaf $Installer)
  passed = @($Results | Where-Object { $_.result -eq 'passed' }).Count
  failed = $failed
  skipped = @($Results | Where-Object { $_.result -eq 'skipped' }).Count
  checks = $Results
}
$summary | ConvertTo-Json -Depth 4 | Set-Content -LiteralPath $Report -Encoding UTF8
$Results | Format-Table -AutoSize -Property @('result', 'seconds', 'check', 'detail')
Write-Host ("{0} failed; the report is in {1}" -f $failed, $Report)
exit ([math]::Min($failed, 250))
