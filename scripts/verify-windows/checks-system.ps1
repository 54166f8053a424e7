# Installed, upgraded and taken away by those who deploy: as SYSTEM, and by a command of the fleet.

function Test-SetupAsSystem {
  Remove-Product
  Invoke-Undone {
    Assert-Equal (Invoke-AsSystem $Verify.Installer (ConvertTo-SetupLine (Get-InstallArguments)) $Verify.SetupSeconds) 0 'exit code of the installation'
    Assert (Wait-Until { Test-AgentRuns } 60) 'the agent does not run'
    $upgraded = 'no -NextInstaller: not upgraded'
    if ($Verify.NextInstaller -ne '') {
      $before = Get-Version
      Assert-Equal (Invoke-AsSystem $Verify.NextInstaller '/S' $Verify.SetupSeconds) 0 'exit code of the upgrade'
      Assert ((Get-Version) -ne $before) 'the version is the same after the upgrade'
      $upgraded = "$before to $(Get-Version)"
    }
    Assert-Equal (Invoke-AsSystem (Get-Uninstaller) '/S /PURGE=1' $Verify.SetupSeconds) 0 'exit code of the removal'
    Assert-ProgramsGone
    $upgraded
  }
}

# The log that it goes on in, once the service of one run has ended.
function Assert-HandedOver([string] $Log) {
  Assert (Wait-Until { (Test-Path -LiteralPath $Log) -and (Read-Log $Log) -match 'handed over' } 60) 'it was not handed over'
  Assert (Wait-Until { -not (Test-SetupRuns) } $Verify.SetupSeconds) "$($Verify.SetupService) does not end"
  $last = @((Read-Log $Log) -split "`r?`n" | Where-Object { $_ -match 'ends with' }) | Select-Object -Last 1
  Assert ("$last" -match 'ends with 0\b') "its log ends: $last"
}

# Also while it is being written.
function Read-Log([string] $Log) {
  $stream = [System.IO.File]::Open($Log, 'Open', 'Read', 'ReadWrite, Delete')
  $reader = New-Object System.IO.StreamReader $stream
  try { return $reader.ReadToEnd() } finally { $reader.Dispose() }
}

# As a fleet sends it: one line of cmd. The agent is stopped by it, and answers all the same.
function Invoke-SetupByFleet([string] $Program, [string] $Arguments) {
  $log = Join-Path $Verify.Work ('fleet-' + [guid]::NewGuid().ToString('N') + '.log')
  $id = Send-ItCommand 'cmd' "`"$Program`" /S $Arguments /LOG=`"$log`"" 'system' 300
  Assert-HandedOver $log
  return $id
}

function Test-UpgradeByFleet {
  Assert-Fleet
  Confirm-Installed
  $program = if ($Verify.NextInstaller -ne '') { $Verify.NextInstaller } else { $Verify.Installer }
  $before = Get-Version
  $id = Invoke-SetupByFleet $program ''
  Assert (Wait-Until { Test-AgentRuns } 60) 'the agent does not run afterwards'
  $answer = Wait-ItResult $id 120
  Assert-Equal $answer.exit_code 0 "exit code of the command ($($answer.stderr))"
  Assert-Equal (Get-ResultCount $id) 1 'results of the command'
  if ($Verify.NextInstaller -eq '') { return 'no -NextInstaller: a repair' }
  Assert ((Get-Version) -ne $before) 'the version is the same'
  return "$before to $(Get-Version)"
}

function Test-RemovalByFleet {
  Assert-Fleet
  Confirm-Installed
  $id = Invoke-SetupByFleet (Get-Uninstaller) ''
  Assert-ProgramsGone
  Assert (Test-Path -LiteralPath (Join-Path $Verify.Data 'store.db')) 'the store is gone'
  # Its result may have to wait for the next agent.
  Confirm-Installed
  $answer = Wait-ItResult $id 120
  Assert-Equal $answer.exit_code 0 "exit code of the command ($($answer.stderr))"
}
