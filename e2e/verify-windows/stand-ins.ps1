# A Windows with a correct product, as far as the checks look at it: each function has the name of what it stands for and is found
# before it. Files are real, in a directory of the case; the rest is in $World, where a case puts its defect.

$Accounts = @{ person = 'S-1-5-21-1-2-3-1005'; signedIn = 'S-1-5-21-1-2-3-1001' }
$Trusted = 'O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)'

$World = @{
  services = @{ seclogon = 'Manual' }
  registry = @{}
  # Path (a pattern) → descriptor, the first that fits.
  sddl = @(, @('*/mine-*', "O:$($Accounts.person)D:(A;;FA;;;$($Accounts.person))"))
  links = 1
  processes = @()
  nextId = 100
  versionOf = @{ 'Setup-1.exe' = '0.1.0'; 'Setup-2.exe' = '0.2.0' }
  setupCode = 0
  # What an attack says; $null: what a correct product lets it do.
  attack = $null
  pipes = @{}
  messages = @{}
  sent = @{}
  events = @([pscustomobject] @{ Message = 'version 0.1.0 started for VERIFY-PC' })
  signature = 'Valid'
  shell = 'KanadeTray'
  boot = [DateTime]::new(2026, 1, 2, 3, 4, 5, [DateTimeKind]::Utc)
  administrator = $true
  ownSid = $Accounts.signedIn
  tasks = @{}
  person = $false
  asks = @{}
  answer = { param($Command) Get-CorrectAnswer $Command }
  onInstalled = {}
  # A copy of uninstall.exe elsewhere.
  foreign = { 1603 }
  restarts = $true
  iconsReturn = $true
  agentReturns = $true
  awake = $false
  leavesAwake = $false
  # An agent that uses the names of its pipes again.
  sameNames = $false
  # What nobody holds.
  letGo = @()
  # What of the files for people they can not read.
  shut = @()
  # Whoever asks as an administrator is told.
  agentSays = { '{"result":{}}' }
}

function Wait-Until([scriptblock] $WaitFor, [double] $WaitSeconds, [int] $WaitEveryMs = 500) {
  foreach ($try in 1..3) { if (& $WaitFor) { return $true } }
  return $false
}
function Start-Sleep { }
function Write-Host { }
function Read-Host([string] $Prompt) {
  if ($World.asks.ContainsKey('*')) { return $World.asks['*'] }
  return 'y'
}

# --- the product -----------------------------------------------------------------------------------------------------------

function New-Text([string] $Path, [string] $Text) {
  [System.IO.Directory]::CreateDirectory((Split-Path $Path)) | Out-Null
  [System.IO.File]::WriteAllText($Path, $Text)
}

function Add-Process([string] $Name, [string] $Path, [string] $CommandLine, [int] $Session) {
  $World.nextId++
  $World.processes += [pscustomobject] @{
    Name = $Name; ProcessId = $World.nextId; ParentProcessId = 1; SessionId = $Session; ExecutablePath = $Path; CommandLine = $CommandLine
  }
}

function Start-World {
  if (@($World.processes | Where-Object { $_.Name -eq 'node.exe' }).Count -eq 0) {
    Add-Process 'node.exe' (Join-Path $Verify.Root 'versions/node.exe') "$(Join-Path $Verify.Root 'versions') --service" 0
  }
  foreach ($session in @($World.processes | Where-Object { $_.Name -eq 'explorer.exe' } | ForEach-Object { $_.SessionId })) {
    if (@($World.processes | Where-Object { $_.Name -eq 'Kanade Tray.exe' -and $_.SessionId -eq $session }).Count -eq 0) {
      Add-Process 'Kanade Tray.exe' (Join-Path $Verify.Root 'versions/0.1.0/app/Kanade Tray.exe') '' $session
    }
  }
  $World.services[$Verify.Service] = 'Automatic'
}

function Install-World([string] $Installer, [string] $Line) {
  if ($World.setupCode -ne 0) { return $World.setupCode }
  # Without servers on its line: beside it there are some, over a way that a person made.
  if ($Installer.StartsWith($Verify.Person.own) -and $Line -notlike '*/NATSURL=*') { return 3 }
  $version = $World.versionOf[(Split-Path -Leaf $Installer)]
  $before = Get-Version
  if ($null -ne $before -and $before -gt $version -and $Line -notlike '*/ALLOWDOWNGRADE=1*') { return 1638 }
  # Somebody else's: out of the way.
  $isOurs = $World.registry.ContainsKey('ours')
  if (-not $isOurs -and (Test-IsThere $Verify.Kanade)) {
    & mv $Verify.Kanade "$($Verify.Kanade).not-trusted-1"
  }
  $World.registry['ours'] = @{}
  $root = if ($Line -match '/D=(.*)$') { $Matches[1] } else { $Verify.Root }
  if ($root -ne $Verify.Root) { return 3 }
  New-Text (Join-Path $Verify.Kanade 'config/agent.toml') "nats_url = '$($Verify.NatsUrl)'"
  New-Text (Join-Path $Verify.Kanade 'logs/agent.log') 'log'
  New-Text (Join-Path $Verify.Data 'store.db') 'store'
  foreach ($account in 'S-1-5-18', 'S-1-5-32-544', $Accounts.signedIn) { New-EndpointOf $account }
  New-Text (Join-Path $env:SystemRoot "Temp/nsw$((++$World.nextId)).tmp/System.dll") 'library'
  foreach ($name in 'private/kanade-tray-agent.exe', 'private/current.json', 'uninstall.exe', 'current.json', "versions/$version/agent/main.js", "versions/$version/app/Kanade Tray.exe", 'bin/Kanade Tray.exe') { New-Text (Join-Path $root $name) "content of $name" }
  New-Text (Join-Path $env:ProgramData 'Microsoft/Windows/Start Menu/Programs/Kanade Tray.lnk') 'link'
  New-Text $Verify.Lock ''
  $World.registry[$Verify.UninstallKey] = @{ DisplayVersion = $version; InstallLocation = $root }
  $World.registry[$Verify.RunKey] = @{ 'Kanade Tray' = 'x' }
  $World.registry["HKLM:\SYSTEM\CurrentControlSet\Services\$($Verify.Service)"] = @{
    FailureActions = [byte[]] ([byte[]] (0x80, 0x51, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 20, 0, 0, 0) +
      ([byte[]] (5000, 15000, 60000 | ForEach-Object { [BitConverter]::GetBytes(1) + [BitConverter]::GetBytes($_) })))
    FailureActionsOnNonCrashFailures = 1; PreshutdownTimeout = 60000
  }
  foreach ($key in $Verify.SecretsKey, $Verify.PolicyKey) { $World.registry[$key] = @{} }
  if ($Line -notlike '*/NOSTART=1*') { Start-World }
  & $World.onInstalled
  return 0
}

function New-EndpointOf([string] $Account) {
  $name = 'kanade-tray-' + [guid]::NewGuid().ToString('N')
  New-Text (Join-Path $Verify.Data "ipc/$Account/endpoint.json") "{`"address`":`"\\\\.\\pipe\\$name`",`"token`":`"00`"}"
  $World.pipes[$name] = $Account
  $World.sddl += , @("*/ipc/$Account/endpoint.json", "O:SYD:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FR;;;$Account)")
}

function Remove-World([string] $Line) {
  $World.processes = @($World.processes | Where-Object { $_.Name -notin 'node.exe', 'Kanade Tray.exe' })
  foreach ($key in $Verify.UninstallKey, $Verify.RunKey) { $World.registry.Remove($key) }
  $World.services.Remove($Verify.Service)
  $World.pipes = @{}
  if (Test-Path -LiteralPath $Verify.Root) { Remove-Item -LiteralPath $Verify.Root -Recurse -Force }
  foreach ($file in $Verify.Lock, (Get-MenuEntry)) { if (Test-Path -LiteralPath $file) { Remove-Item -LiteralPath $file } }
  if ($Line -like '*/PURGE=1*' -and (Test-Path -LiteralPath $Verify.Kanade)) { Remove-Item -LiteralPath $Verify.Kanade -Recurse -Force; $World.registry.Remove('ours') }
  if ($Line -like '*/PURGE=1*') { $World.registry.Remove($Verify.SecretsKey) }
  return 0
}

# --- Windows ---------------------------------------------------------------------------------------------------------------

function Get-Service([string] $Name) {
  if ($World.services.ContainsKey($Name)) { [pscustomobject] @{ Name = $Name; StartType = $World.services[$Name] } }
}
function Restart-Service([string] $Name, [switch] $Force) {
  $World.processes = @($World.processes | Where-Object { $_.Name -ne 'node.exe' })
  if (-not $World.sameNames) {
    $World.pipes = @{}
    foreach ($account in @(Get-ChildItem -LiteralPath (Join-Path $Verify.Data 'ipc') | ForEach-Object { $_.Name })) { New-EndpointOf $account }
  }
  if ($World.restarts) { Start-World; Add-Inventory }
}
function Add-Inventory { $World.messages["inventory.$($Verify.PcId).hw"] = '{"cpu":"x"}' }

function Get-ItemProperty([string] $LiteralPath) {
  if ($World.registry.ContainsKey($LiteralPath)) { [pscustomobject] $World.registry[$LiteralPath] }
}
function Set-ItemProperty([string] $LiteralPath, [string] $Name, $Value, [string] $Type) {
  if (-not $World.registry.ContainsKey($LiteralPath)) { $World.registry[$LiteralPath] = @{} }
  $World.registry[$LiteralPath][$Name] = $Value
}
function Get-StoredPath {
  $stored = $World.registry[$Verify.EnvironmentKey]
  if ($null -eq $stored -or -not $stored.ContainsKey('Path')) { return '' }
  return $stored.Path
}
function Remove-ItemProperty([string] $LiteralPath, [string] $Name) { $World.registry[$LiteralPath].Remove($Name) }
function Test-Path([string] $LiteralPath, [string] $PathType = 'Any') {
  if ($LiteralPath -like 'HKLM:*') { return $World.registry.ContainsKey($LiteralPath) }
  return Microsoft.PowerShell.Management\Test-Path -LiteralPath $LiteralPath -PathType $PathType
}

function Get-Acl([string] $LiteralPath) {
  foreach ($each in $World.sddl) { if ($LiteralPath -like $each[0]) { return [pscustomobject] @{ Sddl = $each[1] } } }
  return [pscustomobject] @{ Sddl = $Trusted }
}

function Get-CimInstance([string] $ClassName, [string] $Filter = '') {
  switch ($ClassName) {
    'Win32_Process' {
      if ($Filter -match "Name='(.*)'") { return $World.processes | Where-Object { $_.Name -eq $Matches[1] } }
      return $World.processes
    }
    'Win32_Service' { return $World.service }
    'Win32_OperatingSystem' { return [pscustomobject] @{ Caption = 'Windows'; Version = '10'; LastBootUpTime = $World.boot } }
    'Win32_UserAccount' { if ($World.person) { return [pscustomobject] @{ SID = $Accounts.person } } }
    'Win32_UserProfile' { if ($World.profile) { return [pscustomobject] @{ SID = $Accounts.person } } }
  }
}
function Remove-CimInstance { process { $World.profile = $false } }
function Invoke-CimMethod($InputObject, [string] $MethodName) {
  return [pscustomobject] @{ Sid = (Get-Field $InputObject 'OwnerSid') }
}

function Get-Process([int] $Id, [string] $Name) {
  if ($Name -eq 'explorer') { return $World.processes | Where-Object { $_.Name -eq 'explorer.exe' } }
  return [pscustomobject] @{ Id = $Id; SessionId = $World.session }
}
function Stop-Process([int] $Id, [switch] $Force) {
  begin { if ($Id -ne 0) { Stop-One $Id } }
  process { if ($null -ne $_) { Stop-One $_.ProcessId } }
}
function Stop-One([int] $Id) {
  $ended = @($World.processes | Where-Object { $_.ProcessId -eq $Id })
  $World.processes = @($World.processes | Where-Object { $_.ProcessId -ne $Id })
  foreach ($each in $ended) {
    if ($each.Name -eq 'node.exe' -and -not $World.agentReturns) { continue }
    if ($each.Name -eq 'Kanade Tray.exe' -and -not $World.iconsReturn) { continue }
    Add-Process $each.Name $each.ExecutablePath $each.CommandLine $each.SessionId
  }
}

function Get-WinEvent($FilterHashtable, [int] $MaxEvents) { return $World.events }
function Get-AuthenticodeSignature([string] $LiteralPath) { return [pscustomobject] @{ Status = $World.signature } }
function Get-ShellProperty { return $World.shell }
function Test-IsAdministrator { return $World.administrator }
function Get-OwnSid { return $World.ownSid }

# --- programs --------------------------------------------------------------------------------------------------------------

function New-Ended([int] $Code, [string] $Out = '', [string] $Err = '') { return [pscustomobject] @{ code = $Code; out = $Out; err = $Err } }

function Invoke-Native([string] $Program, [string[]] $Arguments = @(), [string] $Text = '', [int] $Seconds = 60) {
  switch ([System.IO.Path]::GetFileName($Program)) {
    'icacls.exe' { return New-Ended 0 }
    'cmd.exe' {
      if ($Arguments -contains 'dir') { return New-Ended 0 ((@($World.pipes.Keys) + @('lsass')) -join "`r`n") }
      Remove-Item -LiteralPath $Arguments[-1] -Recurse -Force
      return New-Ended 0
    }
    'fsutil.exe' { return New-Ended 0 ((@(1..$World.links) | ForEach-Object { "name $_" }) -join "`r`n") }
    'powercfg.exe' { return New-Ended 0 $(if ($World.awake) { 'Kanade Tray carries out a task' } else { 'None.' }) }
    'net.exe' { $World.person = $Arguments -contains '/add'; $World.profile = $World.person; return New-Ended 0 }
    'nats' { return Invoke-NatsOfWorld $Arguments[2..($Arguments.Count - 1)] $Text }
  }
  throw "no stand-in for $Program"
}

function New-EndedProcess([int] $Code) {
  $process = [pscustomobject] @{ ExitCode = $Code; HasExited = $true; Id = 1 }
  $process | Add-Member -MemberType ScriptMethod -Name WaitForExit -Value { return $true }
  $process | Add-Member -MemberType ScriptMethod -Name Kill -Value { }
  return $process
}

function Start-Program([string] $Program, [string] $CommandLine = '', $Credential = $null, [string] $Directory = '') {
  return New-EndedProcess (Start-OfWorld $Program $CommandLine)
}

function Start-OfWorld([string] $Program, [string] $CommandLine) {
  switch -Wildcard ([System.IO.Path]::GetFileName($Program)) {
    'Setup-*' { return Install-World $Program $CommandLine }
    'uninstall.exe' {
      if ($Program.StartsWith($Verify.Work)) { return & $World.foreign }
      return Remove-World $CommandLine
    }
    'powershell.exe' { Start-AttackOfWorld $CommandLine; return 0 }
  }
  throw "no stand-in for $Program"
}

function New-ScheduledTaskAction([string] $Execute, [string] $Argument) { return @{ program = $Execute; line = $Argument } }
function New-ScheduledTaskSettingsSet { }
function New-ScheduledTaskPrincipal([string] $UserId, [string] $LogonType, [string] $RunLevel) { return @{ filtered = $RunLevel -eq 'Limited' } }
function Register-ScheduledTask([string] $TaskName, $Action, $Principal, $Settings) { $World.tasks[$TaskName] = @{ action = $Action; principal = $Principal; result = 0x41303 } }
function Start-ScheduledTask([string] $TaskName) {
  $task = $World.tasks[$TaskName]
  $World.filtered = $task.principal.filtered
  $task.result = Start-OfWorld $task.action.program $task.action.line
  $World.filtered = $false
}
function Get-ScheduledTaskInfo([string] $TaskName) { return [pscustomobject] @{ LastTaskResult = $World.tasks[$TaskName].result } }
function Get-ScheduledTask([string] $TaskName) { return @($World.tasks.Keys | Where-Object { $_ -like $TaskName } | ForEach-Object { [pscustomobject] @{ TaskName = $_ } }) }
function Unregister-ScheduledTask([string] $TaskName, [switch] $Confirm) { $World.tasks.Remove($TaskName) }

. (Join-Path $PSScriptRoot 'stand-ins-fleet.ps1')
. (Join-Path $PSScriptRoot 'stand-ins-attacks.ps1')
