# The product as it is installed: signature, service, access lists, places of Windows that name it.

function Test-Signature {
  $state = "$((Get-AuthenticodeSignature -LiteralPath $Verify.Installer).Status)"
  if ($state -eq 'NotSigned') { Skip 'the installer is not signed' }
  if ($Verify.Installer -like '*TEST-ONLY*') { Skip "a test build ($state)" }
  Assert-Equal $state 'Valid' 'signature'
}

function Test-FirstInstallation {
  Assert-Equal (Invoke-Setup $Verify.Installer (Get-InstallArguments)) 0 'exit code'
  $version = Get-Version
  Assert ($null -ne $version) 'the list of apps does not name it'
  return $version
}

function Test-ServiceSettings {
  $found = Get-CimInstance -ClassName Win32_Service -Filter "Name='$($Verify.Service)'"
  Assert ($null -ne $found) 'it is not there'
  Assert-Equal $found.State 'Running' 'state'
  Assert-Equal $found.StartMode 'Auto' 'start'
  Assert-Equal $found.StartName 'LocalSystem' 'account'
  Assert-Equal $found.PathName ('"' + (Join-Path $Verify.Root 'private\kanade-tray-agent.exe') + '"') 'program'
}

# SERVICE_FAILURE_ACTIONS, as the registry keeps it: the period, two texts, how many actions, where they begin; then a kind and a
# delay each. What sc.exe says of it is in the language of Windows.
function Get-RestartDelays([byte[]] $Stored) {
  $count = [BitConverter]::ToInt32($Stored, 12)
  for ($action = 0; $action -lt $count; $action++) {
    $kind = [BitConverter]::ToInt32($Stored, 20 + 8 * $action)
    if ($kind -eq 1) { [BitConverter]::ToInt32($Stored, 24 + 8 * $action) } else { -1 }
  }
}

function Test-ServiceRecovery {
  $key = "HKLM:\SYSTEM\CurrentControlSet\Services\$($Verify.Service)"
  $stored = Get-RegistryValue $key 'FailureActions'
  Assert ($null -ne $stored) 'it is not restarted'
  Assert-Equal (@(Get-RestartDelays $stored) -join ', ') '5000, 15000, 60000' 'restarted after (ms)'
  Assert-Equal (Get-RegistryValue $key 'FailureActionsOnNonCrashFailures') 1 'also after an exit code'
  Assert-Equal (Get-RegistryValue $key 'PreshutdownTimeout') 60000 'time at a shutdown (ms)'
}

function Test-KilledAgent {
  $before = @(Get-Agents)
  Assert-Equal $before.Count 1 'agents'
  Stop-Process -Id $before[0].ProcessId -Force
  $back = Wait-Until { $now = @(Get-Agents); $now.Count -eq 1 -and $now[0].ProcessId -ne $before[0].ProcessId } 60
  Assert $back 'it is not back within 60 s'
}

function Test-DataAccess {
  Assert-Trusted $Verify.Kanade $true
  $readers = @(Get-Others (Get-Sddl $Verify.Data) $AllRights)
  Assert ($readers.Count -eq 0) "$($Verify.Data) can be looked into by $($readers -join ', ')"
  $readers = @(Get-Others (Get-Sddl (Join-Path $Verify.Data 'store.db')) $AllRights)
  Assert ($readers.Count -eq 0) "the store can be read by $($readers -join ', ')"
}

function Test-ProgramAccess {
  Assert-Trusted $Verify.Root
}

function Test-KeyAccess {
  foreach ($key in $Verify.SecretsKey, $Verify.PolicyKey) {
    Assert (Test-Path -LiteralPath $key) "$key is not there: whoever makes it first owns it"
    $sddl = Get-Sddl $key
    $why = Get-Distrust $sddl $ChangesKey
    Assert ($why -eq '') "$key $why"
    $readers = @(Get-Others $sddl $AllRights)
    Assert ($readers.Count -eq 0) "$key can be read by $($readers -join ', ')"
  }
}

function Get-ShellProperty([string] $Folder, [string] $File, [string] $Property) {
  $entry = (New-Object -ComObject Shell.Application).Namespace([object] $Folder).ParseName($File)
  if ($null -eq $entry) { return $null }
  return $entry.ExtendedProperty($Property)
}

function Test-StartMenu {
  $folder = Join-Path $env:ProgramData 'Microsoft\Windows\Start Menu\Programs'
  Assert (Test-Path -LiteralPath (Join-Path $folder 'Kanade Tray.lnk')) 'there is none'
  Assert-Equal (Get-ShellProperty $folder 'Kanade Tray.lnk' 'System.AppUserModel.ID') 'KanadeTray' 'identity'
}

function Test-EventLog {
  $filter = @{ LogName = 'Application'; ProviderName = 'Kanade Tray'; Id = 1000; StartTime = $Verify.Begun }
  $entries = @(Get-WinEvent -MaxEvents 1 -FilterHashtable $filter -ErrorAction SilentlyContinue)
  Assert ($entries.Count -gt 0) 'there is no entry 1000 of this run'
  Assert ($entries[0].Message -match 'version \S+ started for') "its text is: $($entries[0].Message)"
}

# --- again, newer, older, and away -----------------------------------------------------------------------------------------

function Test-Repair {
  $file = Join-Path $Verify.Root "versions\$(Get-Version)\agent\main.js"
  $before = (Get-FileHash -LiteralPath $file).Hash
  Write-Utf8 $file 'damaged'
  Assert-Equal (Invoke-Setup $Verify.Installer) 0 'exit code'
  Assert-Equal (Get-FileHash -LiteralPath $file).Hash $before 'digest of the damaged file'
  Assert (Wait-Until { Test-AgentRuns } 60) 'the agent does not run'
}

function Test-Upgrade {
  if ($Verify.NextInstaller -eq '') { Skip 'no -NextInstaller' }
  Assert-Fleet
  $before = Get-Version
  $id = Send-WaitingScript (Join-Path $Verify.Work 'begun-upgrade') 15 60
  Assert-Equal (Invoke-Setup $Verify.NextInstaller) 0 'exit code'
  $answer = Wait-ItResult $id 60
  Assert-Equal $answer.exit_code 0 'exit code of the script'
  Assert-Equal $answer.stdout.Trim() 'done' 'output of the script'
  Assert ((Get-Version) -ne $before) 'the version is the same'
  Assert (Test-Path -LiteralPath (Join-Path $Verify.Root "versions\$before")) 'the version before is gone'
  return "$before to $(Get-Version)"
}

function Test-Downgrade {
  if ($Verify.NextInstaller -eq '') { Skip 'no -NextInstaller' }
  $newer = Get-Version
  Assert-Equal (Invoke-Setup $Verify.Installer) 1638 'exit code'
  Assert-Equal (Get-Version) $newer 'version after the refusal'
  Assert-Equal (Invoke-Setup $Verify.Installer @('/ALLOWDOWNGRADE=1')) 0 'exit code with /ALLOWDOWNGRADE=1'
  Assert ((Get-Version) -ne $newer) 'the version is the same with /ALLOWDOWNGRADE=1'
}

function Assert-ProgramsGone {
  Assert ($null -eq (Get-Service -Name $Verify.Service -ErrorAction SilentlyContinue)) 'the service is still there'
  Assert ($null -eq (Get-Version)) 'the list of apps still names it'
  Assert ($null -eq (Get-RegistryValue $Verify.RunKey 'Kanade Tray')) 'it still starts with each session'
  # Whoever looks at a directory holds it, for a moment.
  Assert (Wait-Until { -not (Test-IsThere $Verify.Root) } 10) "$($Verify.Root) is still there"
}

# Anybody can have a copy of it lie beside a program of theirs, on a disk or a share where they have said whose that is.
function Test-ForeignUninstaller {
  Confirm-Installed
  Invoke-Undone {
    $theirs = Join-Path $Verify.Work 'theirs'
    Add-Undo "$theirs is gone" { param($Path) Remove-Tree $Path } @($theirs)
    $inside = Join-Path $theirs 'private'
    New-Item -ItemType Directory -Path $inside -Force | Out-Null
    Copy-Item -LiteralPath (Get-Uninstaller) -Destination $theirs
    # A program that ends at once.
    Copy-Item -LiteralPath (Join-Path $Verify.Root 'bin\Kanade Tray.exe') -Destination (Join-Path $inside 'uninstaller.exe')
    foreach ($directory in $theirs, $inside) {
      Invoke-Must (Get-SystemProgram 'icacls.exe') @($directory, '/setowner', '*S-1-5-32-544', '/Q') | Out-Null
      Invoke-Must (Get-SystemProgram 'icacls.exe') @($directory, '/inheritance:r', '/grant', '*S-1-5-18:(OI)(CI)F', '/grant', '*S-1-5-32-544:(OI)(CI)F', '/Q') | Out-Null
    }
    Assert-Equal (Invoke-Setup (Join-Path $theirs 'uninstall.exe')) 1603 'exit code of a copy beside a program of somebody else'
    Assert ($null -ne (Get-Version)) 'a copy has removed the product'
  }
}

function Test-Removal {
  Confirm-Installed
  Assert-Equal (Invoke-Setup (Get-Uninstaller) @('/allusers')) 0 'exit code'
  Assert-ProgramsGone
  Assert (Test-Path -LiteralPath (Join-Path $Verify.Data 'store.db')) 'the store is gone'
}

function Test-Purge {
  Assert-Equal (Invoke-Setup $Verify.Installer @('/NOSTART=1')) 0 'exit code of the installation'
  $secrets = 'NatsToken', 'NatsUser', 'NatsPassword', 'HelpdeskCodeHash', 'CommandKeys', 'RequireSignedCommands'
  foreach ($name in $secrets) { Set-ItemProperty -LiteralPath $Verify.SecretsKey -Name $name -Value 'kt-verify' }
  foreach ($name in $secrets) { Assert-Equal (Get-RegistryValue $Verify.SecretsKey $name) 'kt-verify' "the secret $name before" }
  Assert-Equal (Invoke-Setup (Get-Uninstaller) @('/PURGE=1')) 0 'exit code'
  Assert-ProgramsGone
  Assert (-not (Test-IsThere $Verify.Data)) "$($Verify.Data) is still there"
  foreach ($name in $secrets) {
    Assert ($null -eq (Get-RegistryValue $Verify.SecretsKey $name)) "the secret $name is still there"
  }
}
