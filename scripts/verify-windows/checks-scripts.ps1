# Scripts of IT on a real Windows: accounts, encodings, exit codes, trees of processes, sleep.

# By SIDs: the names of accounts are in the language of Windows.
function Assert-RunsAs([string] $RunAs, [string] $Sid, [int] $Session) {
  $script = '[System.Security.Principal.WindowsIdentity]::GetCurrent().User.Value + "|" + (Get-Process -Id $PID).SessionId'
  $answer = Invoke-ItCommand 'powershell' $script $RunAs
  Assert-Equal $answer.exit_code 0 "exit code ($($answer.stderr))"
  Assert-Equal $answer.stdout.Trim() "$Sid|$Session" 'account and session'
}

function Test-ScriptAsSystem { Assert-RunsAs 'system' 'S-1-5-18' 0 }

function Test-ScriptAsUser {
  Assert-Fleet
  Assert-OneSession
  Assert-RunsAs 'user' (Get-OwnSessionOwner) (Get-OwnSession)
}

function Test-ScriptAsSystemGui {
  Assert-Fleet
  Assert-OneSession
  Assert-RunsAs 'system_gui' 'S-1-5-18' (Get-OwnSession)
}

# With more of them it is Windows that says which one counts.
function Assert-OneSession {
  Get-OwnSessionOwner | Out-Null
  $sessions = @(Get-Sessions)
  if ($sessions.Count -ne 1) { Skip "$($sessions.Count) people are signed in" }
}

# Directories that everybody may write to stand on the PATH of many PCs. Windows has no pwsh.exe of its own, so that it is looked for there.
function Test-PlantedShell {
  Assert-Fleet
  Assert-Person
  Invoke-Undone {
    Add-Undo 'the own directory of the standard user is empty' { Clear-Own }
    $directory = Get-PlantedPath
    Remove-Tree $directory
    Add-Undo "$directory is gone, also from the PATH" { Clear-PlantedPath; Restart-Agent }
    $mark = Join-Path $Verify.Person.own 'ran'
    Assert-Done @(Invoke-Attack 'PlantShell' @{ directory = $directory; mark = $mark }) @('pwsh.exe')
    # At its front. As it is stored: what it names by variables stays so.
    Set-ItemProperty -LiteralPath $Verify.EnvironmentKey -Name 'Path' -Value "$directory;$(Get-StoredPath)" -Type ExpandString
    Restart-Agent
    $answer = Invoke-ItCommand 'cmd' 'echo %PATH%'
    if (-not $answer.stdout.Contains($directory)) { Skip 'the agent does not have the PATH of the registry until Windows is restarted' }
    $answer = Invoke-ItCommand 'pwsh' '(Get-Process -Id $PID).Path'
    Assert (-not (Test-Path -LiteralPath $mark)) "the service has run the pwsh.exe of a standard user in $directory"
    if ($answer.exit_code -eq 0) { return "another one ran: $($answer.stdout.Trim())" }
    Assert ("$($answer.stderr)".Contains($directory)) "the result does not say what was passed over: $($answer.stderr)"
    'none ran, and the result says why'
  }
}

# Everybody may make it.
function Get-PlantedPath { return Join-Path $env:SystemDrive 'kt-verify-path' }

# Also where the power went meanwhile: what is left would be a way in.
function Clear-PlantedPath {
  $directory = Get-PlantedPath
  $stored = "$(Get-StoredPath)"
  if ($stored.StartsWith("$directory;")) { Set-ItemProperty -LiteralPath $Verify.EnvironmentKey -Name 'Path' -Value $stored.Substring($directory.Length + 1) -Type ExpandString }
  Remove-Tree $directory
}

function Get-StoredPath {
  $key = Get-Item -LiteralPath $Verify.EnvironmentKey
  return $key.GetValue('Path', '', 'DoNotExpandEnvironmentNames')
}

function Test-PowerShellText {
  $text = [string]::Concat([char] 0x65E5, [char] 0x672C, [char] 0x8A9E, [char]::ConvertFromUtf32(0x1F389))
  $answer = Invoke-ItCommand 'powershell' "Write-Output '$text'`nif (`$true) {`n  Write-Output 'second'`n}"
  Assert-Equal ($answer.stdout -replace "`r", '').TrimEnd() "$text`nsecond" 'output'
}

function Test-PowerShellExitCodes {
  Assert-Equal (Invoke-ItCommand 'powershell' 'exit 42').exit_code 42 'exit 42'
  Assert-Equal (Invoke-ItCommand 'powershell' 'cmd /c exit 7; exit $LASTEXITCODE').exit_code 7 'a program'
  Assert-Equal (Invoke-ItCommand 'powershell' 'throw "no"').exit_code 1 'an error'
  Assert-Equal (Invoke-ItCommand 'powershell' 'Get-Item -LiteralPath C:\kt-verify-nowhere').exit_code 1 'a failed last statement'
}

function Test-CmdCodePage {
  $answer = Invoke-ItCommand 'cmd' 'chcp & ver'
  Assert-Equal $answer.exit_code 0 'exit code'
  return $answer.stdout.Trim() -replace '\s+', ' '
}

function Test-CmdText {
  $answer = Invoke-ItCommand 'cmd' 'if exist "%ProgramFiles%\Kanade Tray\current.json" echo "it is there"'
  Assert-Equal $answer.stdout.Trim() '"it is there"' 'one line with quotes'
  $foreign = "$([char] 0x65E5)$([char] 0x672C) $([char] 0x2713)"
  $lines = @('@echo off', 'for %%i in (1 2) do echo line %%i', 'goto last', 'echo left out', ':last', "echo $foreign", 'exit /b 7')
  $answer = Invoke-ItCommand 'cmd' ($lines -join "`n")
  Assert-Equal $answer.exit_code 7 'exit code'
  Assert-Equal (@($answer.stdout.Trim() -split "\s*`r?`n") -join '|') "line 1|line 2|$foreign" 'several lines'
}

function Get-Marked([string] $Mark) {
  return @(Get-CimInstance -ClassName Win32_Process | Where-Object { "$($_.CommandLine)".Contains($Mark) -and $_.ProcessId -ne $PID })
}

function Test-Timeout {
  $mark = 'verify-' + [guid]::NewGuid().ToString('N')
  # Not hidden: under wine a PowerShell with a console of its own ends at once.
  $script = "Start-Process powershell -ArgumentList '-Command', 'Start-Sleep 300 # $mark' -NoNewWindow; Start-Sleep 300"
  $id = Send-ItCommand 'powershell' $script 'system' 20
  Assert (Wait-Until { @(Get-Marked $mark).Count -gt 0 } 20) 'the script has not started its program'
  # What ends by itself shows nothing.
  Start-Sleep 3
  Assert (@(Get-Marked $mark).Count -gt 0) 'its program has ended by itself'
  $answer = Wait-ItResult $id 60
  Assert-Equal $answer.exit_code (-1) 'exit code'
  Assert ($answer.stderr -match 'timeout after 20s') "it says: $($answer.stderr)"
  Assert (Wait-Until { @(Get-Marked $mark).Count -eq 0 } 10) 'its program goes on'
}

function Get-PowerRequests { return Invoke-Must (Get-SystemProgram 'powercfg.exe') @('/requests') }

function Test-StaysAwake {
  Assert-Fleet
  $begun = Join-Path $Verify.Work 'begun-awake'
  $id = Send-WaitingScript $begun 10 60
  Assert (Wait-Until { (Get-PowerRequests) -match 'Kanade Tray' } 5) 'no power request while a script runs'
  Wait-ItResult $id 60 | Out-Null
  Assert (Wait-Until { (Get-PowerRequests) -notmatch 'Kanade Tray' } 10) 'it is still there afterwards'
}

# --- Constrained Language (AppLocker, WDAC) ----------------------------------------------------------------------------------

$LockdownName = '__PSLockdownPolicy'

# Windows' own switch for tests, which each PowerShell of this PC obeys that begins from now on.
function Set-Lockdown {
  Assert ($null -eq (Get-RegistryValue $Verify.EnvironmentKey $LockdownName)) "$LockdownName is set on this PC already"
  Add-Undo "$LockdownName is gone" { Clear-Lockdown }
  New-Item -ItemType Directory -Path $Verify.State -Force | Out-Null
  Write-Utf8 (Join-Path $Verify.State 'lockdown') 'set by verify-windows.ps1'
  Set-ItemProperty -LiteralPath $Verify.EnvironmentKey -Name $LockdownName -Value '4'
}

# Also where the power went meanwhile; what somebody else has set stays.
function Clear-Lockdown {
  $mark = Join-Path $Verify.State 'lockdown'
  if (-not (Test-Path -LiteralPath $mark)) { return }
  Remove-ItemProperty -LiteralPath $Verify.EnvironmentKey -Name $LockdownName -ErrorAction SilentlyContinue
  Remove-Item -LiteralPath $mark
}

function Restart-Agent {
  Restart-Service -Name $Verify.Service -Force
  Assert (Wait-Until { Test-AgentRuns } 60) 'the agent does not run after its restart'
}

function Assert-ConstrainedScripts {
  $answer = Invoke-ItCommand 'powershell' '"$($ExecutionContext.SessionState.LanguageMode)"'
  if ($answer.stdout.Trim() -ne 'ConstrainedLanguage') { Skip "scripts run in $($answer.stdout.Trim())" }
  Assert-Equal $answer.exit_code 0 "exit code ($($answer.stderr))"
  Assert-Equal (Invoke-ItCommand 'powershell' 'exit 42').exit_code 42 'exit 42'
  Assert-Equal (Invoke-ItCommand 'powershell' 'throw "no"').exit_code 1 'an error'
  $long = "'$('x' * 300000)'.Length"
  Assert-Equal (Invoke-ItCommand 'powershell' $long).stdout.Trim() '300000' 'a long script'
}

function Test-ConstrainedScripts {
  Assert-Fleet
  if (-not $Verify.ConstrainedLanguage) { Assert-ConstrainedScripts; return 'under the policy of this PC' }
  Invoke-Undone {
    Set-Lockdown
    Assert-ConstrainedScripts
  }
}

# The agent's own questions to PowerShell: without them the fleet has no hardware of this PC.
function Test-ConstrainedFacts {
  Assert-Fleet
  if (-not $Verify.ConstrainedLanguage) { Skip 'only with -ConstrainedLanguage' }
  Invoke-Undone {
    Set-Lockdown
    Add-Undo 'the agent runs without it' { Restart-Agent }
    $subject = "inventory.$($Verify.PcId).hw"
    Invoke-NatsMust @('stream', 'purge', 'INVENTORY', '--subject', $subject, '--force') | Out-Null
    Restart-Agent
    Assert (Wait-Until { $null -ne (Get-Newest 'INVENTORY' $subject) } 90) 'no hardware inventory arrives'
  }
}
