# What needs a restart of Windows, or its power taken away. The first half leaves a script running and says what to do; the second
# one, after the restart, looks at what became of it. Between them lie the installed product, the broker's store and state.json.

function Test-RemovalBeforeRestart {
  Confirm-Installed
  Assert-Equal (Invoke-Setup (Get-Uninstaller)) 0 'exit code'
  Assert-ProgramsGone
}

function Test-ScriptBeforeRestart {
  Assert-Fleet
  Confirm-Installed
  $begun = Join-Path $Verify.State 'begun.txt'
  if (Test-Path -LiteralPath $begun) { Remove-Item -LiteralPath $begun }
  $id = Send-WaitingScript $begun 3600 7200
  $state = @{ id = $id; begun = $begun; powerOff = [bool] $Verify.PowerOff; boot = (Get-BootTime); version = (Get-Version) }
  Write-Utf8 (Join-Path $Verify.State 'state.json') ($state | ConvertTo-Json)
  if ($Verify.PowerOff) { return 'now take the power away (of a virtual machine: turn it off), start Windows, and run this with -Stage AfterRestart' }
  return 'now restart Windows, and run this with -Stage AfterRestart'
}

function Get-BootTime { return (Get-CimInstance -ClassName Win32_OperatingSystem).LastBootUpTime.ToUniversalTime().ToString('o') }

# Dates stay texts: PowerShell 7 would make dates of them.
function Read-State {
  $text = [System.IO.File]::ReadAllText((Join-Path $Verify.State 'state.json'))
  $state = $text | ConvertFrom-Json
  if ($text -match '"boot"\s*:\s*"([^"]+)"') { $state.boot = $Matches[1] }
  return $state
}

function Test-WasRestarted {
  Assert ((Get-BootTime) -ne (Read-State).boot) 'Windows was not restarted'
}

function Test-AgentAfterRestart {
  Assert (Wait-Until { Test-AgentRuns } 180) 'the agent does not run'
  Assert-Equal (Get-Version) (Read-State).version 'version'
  Assert-Trusted $Verify.Kanade $true
}

# Exactly one result, whatever happened, and nothing ran twice.
function Test-ScriptAfterRestart {
  Assert-Fleet
  $state = Read-State
  $answer = Wait-ItResult $state.id 180
  if ($state.powerOff) {
    Assert-Equal $answer.exit_code 121 "exit code ($($answer.stderr))"
  } else {
    Assert-Equal $answer.exit_code (-1) "exit code ($($answer.stderr))"
    Assert ($answer.stderr -match 'the agent is shutting down') "it says: $($answer.stderr)"
  }
  Start-Sleep -Seconds 5
  Assert-Equal (Get-ResultCount $state.id) 1 'results'
  Assert-Equal @([System.IO.File]::ReadAllLines($state.begun)).Count 1 'times that it ran'
  Assert-Equal (Invoke-ItCommand 'cmd' 'echo again').exit_code 0 'exit code of a new command'
}

function Test-IconAfterRestart { Test-IconInSession }

# What an uninstaller could not delete while it ran goes with the next start.
function Test-NothingIsLeft {
  $left = @(Get-ChildItem -LiteralPath (Split-Path $Verify.Root) -Filter 'Kanade Tray.removing-*' -Force | ForEach-Object { $_.Name })
  Assert ($left.Count -eq 0) "left behind: $($left -join ', ')"
  Assert ($null -eq (Get-Service -Name $Verify.SetupService -ErrorAction SilentlyContinue)) "the service $($Verify.SetupService) is left behind"
}
