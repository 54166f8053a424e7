# The list of the checks, and the run of them.

# Name and function, in their order. Those before the first installation each begin on a PC without the product.
$AllChecks = [ordered] @{
  'planting before: settings and directories of a standard user' = 'Test-PlantedSettings'
  'planting before: a junction in the place of our directory' = 'Test-PlantedJunction'
  'planting before: junctions in our directory' = 'Test-PlantedInnerJunctions'
  'planting before: hard links in the place of the settings' = 'Test-PlantedHardLinks'
  'planting before: a directory of a standard user for /D=' = 'Test-PlantedDestination'
  'planting before: a junction of a standard user on the way to settings beside the installer' = 'Test-PlantedWay'
  'planting during an installation' = 'Test-RaceDuringInstallation'
  'planting during an installation: the directory that it unpacks into' = 'Test-PlantedTemp'
  'a standard user holds every name that set-ups lock by' = 'Test-HeldNames'
  'a standard user holds what people may read, and starts again' = 'Test-HeldUnshared'
  'a standard user has locks on what people may read, and never gives them back' = 'Test-HeldByLocks'
  'variables of a person do not move what a set-up makes safe' = 'Test-UserEnvironment'
  'install, upgrade and removal as SYSTEM' = 'Test-SetupAsSystem'
  'the signature of the installer' = 'Test-Signature'
  'a silent installation ends with 0' = 'Test-FirstInstallation'
  'the service: automatic, LocalSystem, from bin' = 'Test-ServiceSettings'
  'the service is restarted after failures, and has its time at a shutdown' = 'Test-ServiceRecovery'
  'a killed agent is back within a minute' = 'Test-KilledAgent'
  'settings, store and logs are changed by administrators only, and the store is read by nobody else' = 'Test-DataAccess'
  'people can not change the programs' = 'Test-ProgramAccess'
  'the keys of secrets and policies are there and shut' = 'Test-KeyAccess'
  'planting after: files, directories, junctions, hard links' = 'Test-FilesAsUser'
  'planting after: registry keys' = 'Test-RegistryAsUser'
  'a standard user can not stop the agent or an icon' = 'Test-ServiceAsUser'
  'each account has an endpoint that it alone reads' = 'Test-Endpoints'
  'pipes: a second instance, another account, another account from the network' = 'Test-PipesOfOthers'
  'pipes: a further instance of the own one' = 'Test-OwnPipe'
  'pipes: a standard user has their names first' = 'Test-SquattedPipes'
  'pipes: the account itself from the network' = 'Test-RemoteOpen'
  'pipes: eight idle connections do not keep an administrator away' = 'Test-IdleConnections'
  'pipes: calls over 16 connections do not keep an administrator away' = 'Test-Flood'
  'the Start menu has an entry with the identity of the application' = 'Test-StartMenu'
  'the icon is in this session within a minute' = 'Test-IconInSession'
  'an icon that died is back' = 'Test-IconReturns'
  'two sessions: an icon and an endpoint of its own for each' = 'Test-TwoSessions'
  'an administrator without elevation is a person like others' = 'Test-FilteredToken'
  'entries in the Event Log carry their texts' = 'Test-EventLog'
  'a script as system' = 'Test-ScriptAsSystem'
  'a script as user' = 'Test-ScriptAsUser'
  'a script as system_gui' = 'Test-ScriptAsSystemGui'
  'a pwsh.exe of a standard user on the PATH is not started' = 'Test-PlantedShell'
  'PowerShell: Japanese, emoji and several lines arrive as they were written' = 'Test-PowerShellText'
  'PowerShell: exit codes of exit, of programs and of errors' = 'Test-PowerShellExitCodes'
  'cmd: the code page of the console' = 'Test-CmdCodePage'
  'cmd: quotes, several lines, and characters of any language' = 'Test-CmdText'
  'a script that is over its time ends with its whole tree' = 'Test-Timeout'
  'the PC does not fall asleep while a script runs' = 'Test-StaysAwake'
  'Constrained Language: scripts and their exit codes' = 'Test-ConstrainedScripts'
  'Constrained Language: the hardware inventory' = 'Test-ConstrainedFacts'
  'sleep and resume: the agent is connected again' = 'Test-SleepAndResume'
  'the icon survives a restart of Explorer' = 'Test-ExplorerRestart'
  'the icon follows the theme of the taskbar' = 'Test-Theme'
  'an icon that was closed stays away' = 'Test-ClosedIcon'
  'the same version again is a repair' = 'Test-Repair'
  'a set-up that is cut off in its middle: the next one gives back what people may read' = 'Test-CutSetup'
  'an upgrade lets a script end first' = 'Test-Upgrade'
  'an older version is refused with 1638, and goes back with /ALLOWDOWNGRADE' = 'Test-Downgrade'
  'an upgrade by a command of the fleet' = 'Test-UpgradeByFleet'
  'a removal by a command of the fleet' = 'Test-RemovalByFleet'
  'a copy of uninstall.exe runs nothing that lies beside it' = 'Test-ForeignUninstaller'
  'a removal keeps the data' = 'Test-Removal'
  'a purge leaves nothing' = 'Test-Purge'
}
$BeforeRestart = [ordered] @{
  'a removal leaves for the next start what can not go yet' = 'Test-RemovalBeforeRestart'
  'a script runs when Windows goes' = 'Test-ScriptBeforeRestart'
}
$AfterRestart = [ordered] @{
  'Windows was restarted' = 'Test-WasRestarted'
  'after a restart: the agent runs, and its directories are as they were' = 'Test-AgentAfterRestart'
  'after a restart: the script has one result, and did not run again' = 'Test-ScriptAfterRestart'
  'after a restart: the icon is in this session' = 'Test-IconAfterRestart'
  'after a restart: nothing is left of earlier removals' = 'Test-NothingIsLeft'
}
# They take away what -KeepInstalled keeps.
$Removals = @('Test-Removal', 'Test-Purge')

function Get-Checks {
  if ($Verify.Stage -eq 'BeforeRestart') { return $BeforeRestart }
  if ($Verify.Stage -eq 'AfterRestart') { return $AfterRestart }
  return $AllChecks
}

# Where the power went while this ran, or its window was closed. The account is the business of New-Person.
function Remove-Leftovers {
  Clear-Lockdown
  Clear-PlantedPath
  Clear-PlantedTemp
  Clear-UserEnvironment
  foreach ($task in @(Get-ScheduledTask -TaskName 'kanade-verify-*' -ErrorAction SilentlyContinue)) { Unregister-ScheduledTask -TaskName $task.TaskName -Confirm:$false }
  $directories = @(Get-ChildItem -LiteralPath $env:ProgramFiles -Directory -Force | Where-Object { $_.Name -match '^kanade-verify-[0-9a-f]{32}$' })
  foreach ($directory in $directories) { Remove-Tree $directory.FullName }
}

function Initialize-Verify {
  Remove-Leftovers
  New-Item -ItemType Directory -Path $Verify.Work | Out-Null
  Add-Undo "$($Verify.Work) is gone" { Remove-Tree $Verify.Work }
  # SYSTEM sees no share or drive of ours, and a standard user not our directories.
  foreach ($name in 'Installer', 'NextInstaller') {
    if ($Verify[$name] -eq '') { continue }
    $directory = Join-Path $Verify.Work $name
    New-Item -ItemType Directory -Path $directory | Out-Null
    Copy-Item -LiteralPath $Verify[$name] -Destination $directory
    $Verify[$name] = Join-Path $directory (Split-Path -Leaf $Verify[$name])
  }
  foreach ($part in @(Get-ChildItem -LiteralPath $Verify.Scripts -Filter 'attacks*.ps1')) { Copy-Item -LiteralPath $part.FullName -Destination $Verify.Work }
  $store = Join-Path $Verify.Work 'nats'
  if ($Verify.Stage -ne 'All') {
    New-Item -ItemType Directory -Path $Verify.State -Force | Out-Null
    $store = Join-Path $Verify.State 'nats'
  }
  Start-Broker $store
  if ($Verify.Nats -ne '') { Initialize-Fleet }
}

function Invoke-List($Checks) {
  foreach ($name in $Checks.Keys) {
    $function = $Checks[$name]
    if ($Verify.KeepInstalled -and $function -in $Removals) { Add-Result $name 'SKIP' '-KeepInstalled' }
    else { Invoke-Unskipped $name $function { & $function } }
  }
}

# $Function: what -Skip may name.
function Invoke-Unskipped([string] $Name, [string] $Function, [scriptblock] $UnskippedBody) {
  if ($Verify.Skip.ContainsKey($Function)) { Add-Result $Name 'SKIP' $Verify.Skip[$Function] }
  else { Invoke-Check $Name $UnskippedBody }
}

function Get-CheckFunctions { return @('New-Person') + @($AllChecks.Values) + @($BeforeRestart.Values) + @($AfterRestart.Values) }

# What waits for a restart stays.
function Remove-AtEnd {
  if ($Verify.Stage -eq 'BeforeRestart' -and (Test-Path -LiteralPath (Join-Path $Verify.State 'state.json'))) { return }
  Remove-Tree $Verify.State
  if (-not $Verify.KeepInstalled) { Remove-Product }
}

# Returns the exit code.
function Invoke-Verify {
  $blocker = Get-Blocker
  if ($blocker -ne '') {
    Write-Host "Nothing was checked. $blocker."
    return 255
  }
  $Verify.Begun = Get-Date
  try {
    Initialize-Encoding
    Add-Undo 'the product is gone' { Remove-AtEnd }
    Invoke-Check 'everything for the checks is there' { Initialize-Verify }
    if ((Get-CountOf 'FAIL') -eq 0) {
      if ($Verify.Stage -eq 'All') { Invoke-Unskipped 'a standard user, for the attacks' 'New-Person' { $Verify.Person = New-Person } }
      Invoke-List (Get-Checks)
    }
  } finally {
    # Also after Ctrl+C.
    Invoke-Undo
  }
  return Write-Report
}
