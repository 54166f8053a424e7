# The product on this PC: where it lies, how it is installed and taken away, and what of it runs.

# What all checks share. $Given: the parameters of the script.
function New-Verify($Given) {
  return @{
    Installer = $Given.Installer; NextInstaller = $Given.NextInstaller
    NatsUrl = $Given.NatsUrl; NatsServer = $Given.NatsServer; Nats = $Given.Nats
    Stage = $Given.Stage; PowerOff = $Given.PowerOff; Interactive = $Given.Interactive; KeepInstalled = $Given.KeepInstalled
    ConstrainedLanguage = $Given.ConstrainedLanguage; Report = $Given.Report; Scripts = $Given.Scripts; Skip = $Given.Skip
    Root = Join-Path $env:ProgramFiles 'Kanade Tray'
    Lock = Join-Path $env:ProgramFiles 'Kanade Tray.lock'
    Kanade = Join-Path $env:ProgramData 'Kanade'
    Data = Join-Path $env:ProgramData 'Kanade\data\kanade-tray'
    # People can read there and nothing else, so that nobody exchanges what we run.
    Work = Join-Path $env:ProgramFiles ('kanade-verify-' + [guid]::NewGuid().ToString('N'))
    # What the checks before a restart leave for those after it.
    State = Join-Path $env:ProgramFiles 'kanade-verify-state'
    Service = 'KanadeTrayAgent'; SetupService = 'KanadeTraySetup'; Original = 'KanadeAgent'
    UninstallKey = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\KanadeTray'
    RunKey = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Run'
    SecretsKey = 'HKLM:\SOFTWARE\kanade\agent'
    PolicyKey = 'HKLM:\SOFTWARE\Policies\Kanade Tray'
    EnvironmentKey = 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
    PcId = 'VERIFY-' + $env:COMPUTERNAME
    Person = $null; SetupSeconds = 600
    Results = New-Object System.Collections.Generic.List[object]
    Undo = New-Object System.Collections.Stack
  }
}

# Why nothing can be checked here; '': it can.
function Get-Blocker {
  if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { return 'PowerShell runs in Constrained Language here; this script needs Full Language' }
  if (-not [Environment]::Is64BitProcess) { return 'This is a 32-bit PowerShell, which is shown other directories and keys; start the 64-bit one' }
  if (-not (Test-IsAdministrator)) { return 'Start this from an elevated prompt' }
  if ($Verify.Installer -eq '' -and $Verify.Stage -ne 'AfterRestart') { return 'Say what to check by -Installer' }
  foreach ($name in 'Installer', 'NextInstaller', 'NatsServer', 'Nats') {
    if ($Verify[$name] -ne '' -and -not (Test-Path -LiteralPath $Verify[$name] -PathType Leaf)) { return "-${name}: $($Verify[$name]) is not there" }
  }
  $unknown = @($Verify.Skip.Keys | Where-Object { $_ -notin (Get-CheckFunctions) })
  if ($unknown.Count -gt 0) { return "-Skip names what is no check: $($unknown -join ', ')" }
  if ($Verify.NatsServer -ne '' -and ([uri] $Verify.NatsUrl).Host -notin '127.0.0.1', 'localhost') { return '-NatsServer starts a broker here, and -NatsUrl names another PC' }
  if ($Verify.Stage -eq 'AfterRestart') {
    if (-not (Test-Path -LiteralPath (Join-Path $Verify.State 'state.json'))) { return 'There was no -Stage BeforeRestart' }
    return ''
  }
  # The end takes everything away, also what somebody needs.
  if ($null -ne (Get-Service -Name $Verify.Original -ErrorAction SilentlyContinue)) { return 'The original agent is installed here; use a PC without it' }
  if ($null -ne (Get-RegistryValue $Verify.UninstallKey 'DisplayVersion')) { return 'Kanade Tray is installed here, and this would take it away with its settings' }
  if (Test-IsThere $Verify.Kanade) { return "$($Verify.Kanade) is there, and this would take it away" }
  return ''
}

function Test-IsAdministrator {
  $principal = New-Object System.Security.Principal.WindowsPrincipal ([System.Security.Principal.WindowsIdentity]::GetCurrent())
  return $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Get-OwnSid { return [System.Security.Principal.WindowsIdentity]::GetCurrent().User.Value }

function Get-RegistryValue([string] $Key, [string] $Name) {
  return Get-Field (Get-ItemProperty -LiteralPath $Key -ErrorAction SilentlyContinue) $Name
}

# --- installing and removing -----------------------------------------------------------------------------------------------

# As the installer reads it: the name outside of the quotation marks, and /D= last and without any.
function ConvertTo-SetupLine([string[]] $Arguments) {
  $words = @($Arguments | Where-Object { $_ -notlike '/D=*' } | ForEach-Object {
      if ($_ -match '^(/\w+=)(.*\s.*)$') { $Matches[1] + '"' + $Matches[2] + '"' } else { $_ }
    })
  $last = @($Arguments | Where-Object { $_ -like '/D=*' })
  return (@('/S') + $words + $last) -join ' '
}

function Invoke-Setup([string] $Program, [string[]] $Arguments = @()) {
  return Wait-Program (Start-Program $Program (ConvertTo-SetupLine $Arguments)) $Verify.SetupSeconds
}

function Get-InstallArguments { return @("/NATSURL=$($Verify.NatsUrl)", "/PCID=$($Verify.PcId)") }

function Get-Uninstaller {
  $where = Get-RegistryValue $Verify.UninstallKey 'InstallLocation'
  $uninstaller = Join-Path $(if ($null -eq $where) { $Verify.Root } else { $where }) 'uninstall.exe'
  if (Test-Path -LiteralPath $uninstaller) { return $uninstaller }
  return ''
}

# Everything of the product, also what a failed check has left of it.
function Remove-Product {
  if (Test-SetupRuns) { Assert (Wait-Until { -not (Test-SetupRuns) } $Verify.SetupSeconds) 'a set-up that was handed over does not end' }
  $uninstaller = Get-Uninstaller
  if ($uninstaller -ne '') { Assert-Equal (Invoke-Setup $uninstaller @('/PURGE=1')) 0 'exit code of the removal' }
  foreach ($path in $Verify.Kanade, "$($Verify.Kanade).kt-verify", "$($Verify.Root).kt-verify") { Remove-Tree $path }
  foreach ($aside in @(Get-ChildItem -LiteralPath (Split-Path $Verify.Kanade) -Filter 'Kanade.not-trusted-*' -Force)) { Remove-Tree $aside.FullName }
}

function Test-SetupRuns { return $null -ne (Get-Service -Name $Verify.SetupService -ErrorAction SilentlyContinue) }

function Get-Version { return Get-RegistryValue $Verify.UninstallKey 'DisplayVersion' }

# One that a check has taken away is put back for the next.
function Confirm-Installed {
  if ($null -eq (Get-Version)) { Assert-Equal (Invoke-Setup $Verify.Installer (Get-InstallArguments)) 0 'exit code of the installation' }
  Assert (Wait-Until { Test-AgentRuns } 60) 'the agent does not run'
}

# --- what runs -------------------------------------------------------------------------------------------------------------

function Get-Agents {
  $below = Join-Path $Verify.Root 'versions'
  return @(Get-CimInstance -ClassName Win32_Process -Filter "Name='node.exe'" |
      Where-Object { $_.CommandLine -like '*--service*' -and "$($_.CommandLine)".Contains($below) })
}

function Test-AgentRuns { return @(Get-Agents).Count -eq 1 }

# Of one session; the window has processes of the same name, so that their parents are asked.
function Get-Icons([int] $Session = -1) {
  $below = Join-Path $Verify.Root 'versions'
  $all = @(Get-CimInstance -ClassName Win32_Process -Filter "Name='Kanade Tray.exe'" | Where-Object { "$($_.ExecutablePath)".StartsWith($below) })
  $ids = @($all | ForEach-Object { $_.ProcessId })
  return @($all | Where-Object { $_.ParentProcessId -notin $ids -and ($Session -lt 0 -or $_.SessionId -eq $Session) })
}

function Get-OwnSession { return (Get-Process -Id $PID).SessionId }

# Who is signed in: one entry for each session with a desktop.
function Get-Sessions {
  $desktops = @(Get-CimInstance -ClassName Win32_Process -Filter "Name='explorer.exe'")
  $seen = @{}
  foreach ($desktop in $desktops) {
    if ($seen.ContainsKey($desktop.SessionId)) { continue }
    $seen[$desktop.SessionId] = $true
    $sid = Get-Field (Invoke-CimMethod -InputObject $desktop -MethodName GetOwnerSid) 'Sid'
    [pscustomobject] @{ session = $desktop.SessionId; sid = $sid }
  }
}

function Get-OwnSessionOwner {
  $own = Get-OwnSession
  $found = @(Get-Sessions | Where-Object { $_.session -eq $own })
  if ($found.Count -eq 0) { Skip "there is no desktop in this session ($own)" }
  return $found[0].sid
}
