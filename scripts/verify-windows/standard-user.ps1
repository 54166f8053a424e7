# Somebody who is no administrator: a temporary local account, and what attacks.ps1 does as it. Invariants: the account goes at the
# end, with its profile; what an attack says counts only once it has said who it was, and that it could do what everybody may. An
# attack that has not run is no attack that was refused.

$PersonName = 'kt-verify'

function Get-AccountSid([string] $Name) {
  $found = Get-CimInstance -ClassName Win32_UserAccount -Filter "LocalAccount=True AND Name='$Name'"
  return Get-Field $found 'SID'
}

function Remove-Person {
  $sid = Get-AccountSid $PersonName
  if ($null -eq $sid) { return }
  Invoke-Must (Get-SystemProgram 'net.exe') @('user', $PersonName, '/delete') | Out-Null
  # Its profile may still be in use by what it has run, for a moment.
  $gone = Wait-Until {
    Get-CimInstance -ClassName Win32_UserProfile -Filter "SID='$sid'" | Remove-CimInstance -ErrorAction SilentlyContinue
    $null -eq (Get-CimInstance -ClassName Win32_UserProfile -Filter "SID='$sid'")
  } 30
  Assert $gone "the profile of $PersonName is still there"
}

function New-Person {
  # Left where the power went while this ran.
  Remove-Person
  # Longer than 14 characters would be asked about; the four kinds of characters that policies want.
  $password = 'Kv1!' + [guid]::NewGuid().ToString('N').Substring(0, 10)
  Add-Undo "the account $PersonName is gone" { Remove-Person }
  $made = Invoke-Native (Get-SystemProgram 'net.exe') @('user', $PersonName, $password, '/add', '/y')
  # Not its command line, which has the password in it.
  Assert ($made.code -eq 0) "net user: $($made.code) $($made.err.Trim())"
  $sid = Get-AccountSid $PersonName
  Assert ($null -ne $sid) "the account $PersonName was not made"
  $secure = New-Object System.Security.SecureString
  foreach ($letter in $password.ToCharArray()) { $secure.AppendChar($letter) }
  $person = @{ sid = $sid; credential = (New-Object System.Management.Automation.PSCredential $PersonName, $secure); own = (Join-Path $Verify.Work 'person') }
  New-OwnDirectory $person.own $sid
  return $person
}

# In our directory, where they can read only, one that they may write to.
function New-OwnDirectory([string] $Path, [string] $Sid) {
  New-Item -ItemType Directory -Path $Path -Force | Out-Null
  Invoke-Must (Get-SystemProgram 'icacls.exe') @($Path, '/grant', "*${Sid}:(OI)(CI)M", '/Q') | Out-Null
}

function Assert-Person {
  if ($null -eq $Verify.Person) { throw 'there is no standard user' }
  $seclogon = Get-Service -Name 'seclogon' -ErrorAction SilentlyContinue
  if ($null -eq $seclogon -or $seclogon.StartType -eq 'Disabled') { Skip 'the service seclogon (Secondary Logon) is switched off: nothing can be started as another account' }
  if ((Get-OwnSid) -eq 'S-1-5-18') { Skip 'this runs as SYSTEM, which Windows does not let start anything as another account; use the prompt of an administrator' }
}

# --- attacks ---------------------------------------------------------------------------------------------------------------

function Get-AttackPaths([string] $Name, [string] $Own) {
  return @{ where = (Join-Path $Own "$Name.where.json"); said = (Join-Path $Own "$Name.said.json"); stop = (Join-Path $Own "$Name.stop") }
}

function Get-AttackLine([string] $Name, $Paths) {
  $script = Join-Path $Verify.Work 'attacks.ps1'
  $words = @('-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', $script, '-Attack', $Name, '-Where', $Paths.where, '-Said', $Paths.said)
  return @($words | ForEach-Object { ConvertTo-Argument $_ }) -join ' '
}

function Write-Where([string] $Name, [string] $Own, $Extra) {
  $paths = Get-AttackPaths $Name $Own
  $where = @{
    kanade = $Verify.Kanade; data = $Verify.Data; root = $Verify.Root; lock = $Verify.Lock; service = $Verify.Service
    uninstallKey = $Verify.UninstallKey; runKey = $Verify.RunKey; secretsKey = $Verify.SecretsKey; policyKey = $Verify.PolicyKey
    own = $Own; stop = $paths.stop
  }
  foreach ($key in $Extra.Keys) { $where[$key] = $Extra[$key] }
  foreach ($path in $paths.said, "$($paths.said).begun", $paths.stop) { if (Test-Path -LiteralPath $path) { Remove-Item -LiteralPath $path } }
  Write-Utf8 $paths.where ($where | ConvertTo-Json -Depth 5)
  return $paths
}

# What the attack has said, once it was who it had to be and could do what everybody may.
function Read-Said($Paths, [string] $Sid) {
  if (-not (Test-Path -LiteralPath $Paths.said)) { throw 'the attack has not run: it has said nothing' }
  $said = [System.IO.File]::ReadAllText($Paths.said) | ConvertFrom-Json
  if ($said.language -ne 'FullLanguage') { Skip "the standard user's PowerShell runs in $($said.language), in which the attacks can not be written" }
  Assert-Equal $said.sid $Sid 'the attack ran as another account'
  Assert (-not $said.isAdministrator) 'the attack ran as an administrator'
  Assert ($said.control -eq 'done') "the attack could not even write into its own directory: $($said.control)"
  return @($said.results)
}

# Runs an attack to its end.
function Invoke-Attack([string] $Name, $Extra = @{}) {
  Assert-Person
  $person = $Verify.Person
  $paths = Write-Where $Name $person.own $Extra
  $process = Start-Program (Get-WindowsPowerShell) (Get-AttackLine $Name $paths) $person.credential $person.own
  Wait-Program $process 120 | Out-Null
  return Read-Said $paths $person.sid
}

# Lets one go on until Stop-Attack; it has begun when this returns.
function Start-Attack([string] $Name, $Extra = @{}) {
  Assert-Person
  $person = $Verify.Person
  $paths = Write-Where $Name $person.own $Extra
  $process = Start-Program (Get-WindowsPowerShell) (Get-AttackLine $Name $paths) $person.credential $person.own
  # Of itself first: what it has started ends by that as well.
  Add-Undo "the attack $Name is ended" {
    param($Process, $Stop)
    Write-Utf8 $Stop 'stop'
    if (-not (Wait-Until { $Process.HasExited } 10)) { Stop-Tree $Process }
  } @($process, $paths.stop)
  Assert-Begun $Name $paths
  return @{ process = $process; task = ''; paths = $paths; sid = $person.sid }
}

# Constrained Language has nothing to begin with, and has said so.
function Assert-Begun([string] $Name, $Paths) {
  Assert (Wait-Until { (Test-Path -LiteralPath "$($Paths.said).begun") -or (Test-Path -LiteralPath $Paths.said) } 60) "the attack $Name has not begun"
}

function Stop-Attack($Running) {
  Write-Utf8 $Running.paths.stop 'stop'
  if ($Running.task -ne '') {
    Wait-Task $Running.task 60 | Out-Null
    return Read-FilteredSaid $Running.paths
  }
  Wait-Program $Running.process 60 | Out-Null
  return Read-Said $Running.paths $Running.sid
}

# Every one of them was refused. One that could not be tried is named, and is no success; all of them is a failure.
function Assert-Refused($Results) {
  $done = @($Results | Where-Object { $_.outcome -eq 'done' } | ForEach-Object { $_.name })
  Assert ($done.Count -eq 0) "a standard user can: $($done -join '; ')"
  $refused = @($Results | Where-Object { $_.outcome -eq 'refused' })
  Assert ($refused.Count -gt 0) 'nothing was tried'
  $other = @($Results | Where-Object { $_.outcome -eq 'error' } | ForEach-Object { "$($_.name) ($($_.detail))" })
  $text = "$($refused.Count) refused"
  if ($other.Count -gt 0) { $text += "; could not be tried: $($other -join ', ')" }
  return $text
}

function Assert-Done($Results, [string[]] $Names) {
  foreach ($name in $Names) {
    $found = @($Results | Where-Object { $_.name -eq $name })
    Assert ($found.Count -eq 1 -and $found[0].outcome -eq 'done') "the preparation '$name' has failed: $(@($found | ForEach-Object { $_.detail }) -join '')"
  }
}

# --- ourselves, but as Windows starts programs without "Run as administrator" ------------------------------------------------

# By a task of the person who is signed in. Skips where there is no such token.
function Invoke-FilteredAttack([string] $Name, $Extra = @{}) {
  $paths = Write-FilteredWhere $Name $Extra
  Wait-Task (Start-FilteredTask $Name $paths) 120 | Out-Null
  return Read-FilteredSaid $paths
}

# Lets one go on until Stop-Attack; it has begun when this returns.
function Start-FilteredAttack([string] $Name, $Extra = @{}) {
  $paths = Write-FilteredWhere $Name $Extra
  $task = Start-FilteredTask $Name $paths
  Add-Undo "the attack $Name is told to end" { param($Stop) Write-Utf8 $Stop 'stop' } @($paths.stop)
  Assert-Begun $Name $paths
  return @{ task = $task; paths = $paths }
}

function Write-FilteredWhere([string] $Name, $Extra) {
  $sid = Get-OwnSid
  if ((Get-OwnSessionOwner) -ne $sid) { Skip 'another account is signed in here than the one that this runs as' }
  $own = Join-Path $Verify.Work 'filtered'
  New-OwnDirectory $own $sid
  return Write-Where $Name $own $Extra
}

function Start-FilteredTask([string] $Name, $Paths) {
  $principal = New-ScheduledTaskPrincipal -UserId "$env:USERDOMAIN\$env:USERNAME" -LogonType Interactive -RunLevel Limited
  return Start-Task $principal (Get-WindowsPowerShell) (Get-AttackLine $Name $Paths)
}

function Read-FilteredSaid($Paths) {
  if (Test-Path -LiteralPath $Paths.said) {
    $said = [System.IO.File]::ReadAllText($Paths.said) | ConvertFrom-Json
    if ((Get-Field $said 'isAdministrator') -eq $true) { Skip 'there is no filtered token: user account control is off, or this is the built-in Administrator' }
  }
  return Read-Said $Paths (Get-OwnSid)
}

# Returns its name.
function Start-Task($Principal, [string] $Program, [string] $CommandLine) {
  $name = 'kanade-verify-' + [guid]::NewGuid().ToString('N')
  $action = New-ScheduledTaskAction -Execute $Program -Argument $CommandLine
  # A laptop on its battery would let it wait.
  $settings = New-ScheduledTaskSettingsSet -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries
  Register-ScheduledTask -TaskName $name -Action $action -Principal $Principal -Settings $settings | Out-Null
  Add-Undo "the task $name is gone" { param($Name) Unregister-ScheduledTask -TaskName $Name -Confirm:$false } @($name)
  Start-ScheduledTask -TaskName $name
  return $name
}

# 0x41303: it has not run yet; 0x41301: it runs.
function Test-TaskEnded([string] $TaskName) { return (Get-ScheduledTaskInfo -TaskName $TaskName).LastTaskResult -notin 0x41303, 0x41301 }

# Returns the exit code of its program.
function Wait-Task([string] $Name, [int] $Seconds) {
  $ended = Wait-Until { Test-TaskEnded $Name } $Seconds
  Assert $ended "the task does not end within $Seconds s"
  return (Get-ScheduledTaskInfo -TaskName $Name).LastTaskResult
}

function Start-AsSystem([string] $Program, [string] $CommandLine) {
  $principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
  return Start-Task $principal $Program $CommandLine
}

function Invoke-AsSystem([string] $Program, [string] $CommandLine, [int] $Seconds) {
  return Wait-Task (Start-AsSystem $Program $CommandLine) $Seconds
}
