# What somebody who is no administrator tries; verify-windows.ps1 runs it as a temporary account, with Windows PowerShell. It says in
# a JSON file who it was, whether it could do what everybody may, and what became of each attempt: done, refused, or an error.
# Further ones are in the files beside it whose names begin with attacks.
param([string] $Attack = '', [string] $Where = '', [string] $Said = '')

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

function Get-Self {
  $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
  $principal = New-Object System.Security.Principal.WindowsPrincipal $identity
  return @{ sid = $identity.User.Value; isAdministrator = $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator) }
}

function Test-IsRefusal($AttemptError) {
  for ($cause = $AttemptError.Exception; $null -ne $cause; $cause = $cause.InnerException) {
    if ($cause -is [System.UnauthorizedAccessException] -or $cause -is [System.Security.SecurityException]) { return $true }
    # ERROR_ACCESS_DENIED, as an HRESULT and as the number of a Win32 error.
    if ($cause.HResult -eq -2147024891) { return $true }
    if ($cause -is [System.ComponentModel.Win32Exception] -and $cause.NativeErrorCode -eq 5) { return $true }
  }
  return $false
}

function Invoke-Attempt([string] $AttemptName, [scriptblock] $AttemptBody) {
  $outcome = 'done'
  $detail = ''
  try {
    & $AttemptBody | Out-Null
  } catch {
    $outcome = if (Test-IsRefusal $_) { 'refused' } else { 'error' }
    $detail = $_.Exception.Message
  }
  [pscustomobject] @{ name = $AttemptName; outcome = $outcome; detail = $detail }
}

function New-Directory([string] $Path) { [System.IO.Directory]::CreateDirectory($Path) | Out-Null }
function Write-Text([string] $Path, [string] $Text) { [System.IO.File]::WriteAllText($Path, $Text) }
function New-Junction([string] $Path, [string] $Target) { New-Item -ItemType Junction -Path $Path -Value $Target | Out-Null }
function New-HardLink([string] $Path, [string] $Target) { New-Item -ItemType HardLink -Path $Path -Value $Target | Out-Null }

$Evil = "[agent]`nid = `"evil`"`nnats_url = `"nats://192.0.2.1:4222`"`n"

# --- before an installation ------------------------------------------------------------------------------------------------

function Attack-PlantSettings($In) {
  Invoke-Attempt 'settings' {
    New-Directory "$($In.kanade)/config"
    Write-Text "$($In.kanade)/config/agent.toml" $Evil
  }
  Invoke-Attempt 'new settings' { Write-Text "$($In.kanade)/config/agent.toml.new" $Evil }
  Invoke-Attempt 'directories' { foreach ($name in 'data/kanade-tray', 'logs') { New-Directory "$($In.kanade)/$name" } }
}

function Attack-PlantJunction($In) {
  Invoke-Attempt 'junction' {
    New-Directory "$($In.own)/target"
    New-Junction $In.kanade "$($In.own)/target"
  }
}

function Attack-PlantInnerJunctions($In) {
  New-Directory $In.kanade
  foreach ($name in 'config', 'data', 'logs') {
    Invoke-Attempt $name {
      New-Directory "$($In.own)/target-$name"
      New-Junction "$($In.kanade)/$name" "$($In.own)/target-$name"
    }
  }
}

function Attack-PlantHardLinks($In) {
  Invoke-Attempt 'hard links' {
    New-Directory "$($In.kanade)/config"
    foreach ($name in 'agent.toml', 'agent.toml.new') {
      Write-Text "$($In.own)/mine-$name" $Evil
      New-HardLink "$($In.kanade)/config/$name" "$($In.own)/mine-$name"
    }
  }
}

# Where /D= points to. What lies there would be run by an installer that does not look.
function Attack-PlantDestination($In) {
  Invoke-Attempt 'destination' {
    foreach ($name in '.setup', '.staged/tree') {
      New-Directory "$($In.destination)/versions/$name/agent"
      $leave = "require('node:fs').writeFileSync($(ConvertTo-Json $In.mark), 'ran');"
      Write-Text "$($In.destination)/versions/$name/agent/setup.js" $leave
    }
  }
}

# Over it an administrator starts an installer of IT's: whoever made the link could lead it elsewhere at any moment.
function Attack-PlantWay($In) {
  Invoke-Attempt 'way' { New-Junction "$($In.own)/way" $In.package }
}

# --- during an installation ------------------------------------------------------------------------------------------------

# Again and again, as fast as it goes: whatever is there for a moment, and whatever is open for one.
function Attack-Race($In) {
  $won = @{}
  while (-not (Test-Path -LiteralPath $In.stop)) {
    foreach ($directory in $In.kanade, "$($In.kanade)/config", "$($In.kanade)/data", "$($In.kanade)/logs") {
      foreach ($name in 'agent.toml', 'agent.toml.new', 'kt-verify-planted') {
        try { [System.IO.File]::AppendAllText("$directory/$name", $Evil); $won["$directory/$name"] = $true } catch { Write-Verbose "$_" }
      }
    }
    foreach ($directory in "$($In.kanade)/config", "$($In.kanade)/data/kanade-tray") { try { New-Directory $directory } catch { Write-Verbose "$_" } }
    # The first two are beside the directory of the product: what the installer runs.
    foreach ($name in '.setup/agent/setup.js', '.setup/node/node.exe', '/versions/.staged/tree/agent/main.js', '/current.json', '/private/current.json') {
      try { [System.IO.File]::AppendAllText("$($In.root)$name", '// kt-verify'); $won["$($In.root)$name"] = $true } catch { Write-Verbose "$_" }
    }
  }
  foreach ($path in $won.Keys) { [pscustomobject] @{ name = $path; outcome = 'done'; detail = '' } }
}

# The names by which set-ups keep one another away. Each attempt says whether this account could have it.
function Attack-HoldNames($In) {
  $held = New-Object System.Collections.Generic.List[object]
  Invoke-Attempt 'the mutex Global\KanadeTraySetup' { $held.Add((New-HeldMutex 'Global\KanadeTraySetup')) }
  Invoke-Attempt 'the lock file' { $held.Add([System.IO.File]::Open($In.lock, 'OpenOrCreate', 'Read', 'None')) }
  Invoke-Attempt 'a lock on the lock file' { $held.Add((Get-Held $In.lock 'locked')) }
  Set-Begun
  while (-not (Test-Path -LiteralPath $In.stop)) { Start-Sleep -Milliseconds 100 }
  foreach ($each in $held) { $each.Dispose() }
}

# With a list that denies it to everybody else.
function New-HeldMutex([string] $Name) {
  $security = New-Object System.Security.AccessControl.MutexSecurity
  $security.SetSecurityDescriptorSddlForm('D:P(D;;0x1F0001;;;SY)(D;;0x1F0001;;;BA)')
  $created = $false
  return [System.Threading.Mutex]::new($true, $Name, [ref] $created, $security)
}

# --- after an installation -------------------------------------------------------------------------------------------------

function Attack-Files($In) {
  foreach ($directory in $In.kanade, "$($In.kanade)/config", "$($In.kanade)/data", "$($In.kanade)/logs", $In.data, "$($In.data)/ipc", $In.root, "$($In.root)/bin", "$($In.root)/private", "$($In.root)/versions") {
    Invoke-Attempt "make a file in $directory" { Write-Text "$directory/kt-verify-planted" 'x' }
    Invoke-Attempt "make a directory in $directory" { New-Directory "$directory/kt-verify-planted-directory" }
    Invoke-Attempt "make a junction in $directory" { New-Junction "$directory/kt-verify-planted-junction" $In.own }
    Invoke-Attempt "move $directory away" { [System.IO.Directory]::Move($directory, "$directory.kt-verify") }
  }
  foreach ($file in "$($In.kanade)/config/agent.toml", "$($In.data)/store.db", "$($In.root)/current.json", "$($In.root)/private/current.json", "$($In.root)/private/kanade-tray-agent.exe") {
    Invoke-Attempt "open $file for writing" { [System.IO.File]::Open($file, 'Open', 'Write', 'ReadWrite').Dispose() }
    Invoke-Attempt "delete $file" { [System.IO.File]::Delete($file) }
    Invoke-Attempt "give $file another name" { New-HardLink "$($In.own)/linked-$([guid]::NewGuid())" $file }
  }
  # Who may read what the service needs could keep it from everybody else.
  foreach ($file in "$($In.root)/private/current.json", "$($In.root)/private/kanade-tray-agent.exe", "$($In.root)/versions/$($In.version)/agent/main.js", "$($In.root)/versions/$($In.version)/node/node.exe") {
    Invoke-Attempt "hold $file" { [System.IO.File]::Open($file, 'Open', 'Read', 'None').Dispose() }
  }
  Invoke-Attempt 'make agent.toml.new' { Write-Text "$($In.kanade)/config/agent.toml.new" $Evil }
  Invoke-Attempt 'read the store' { [System.IO.File]::Open("$($In.data)/store.db", 'Open', 'Read', 'ReadWrite').Dispose() }
  Invoke-Attempt "read the administrators' endpoint" { [System.IO.File]::ReadAllText("$($In.data)/ipc/S-1-5-32-544/endpoint.json") }
}

function Attack-Registry($In) {
  foreach ($key in $In.secretsKey, $In.policyKey, $In.uninstallKey, $In.runKey, "HKLM:\SYSTEM\CurrentControlSet\Services\$($In.service)") {
    Invoke-Attempt "write to $key" {
      if (Test-Path -LiteralPath $key) { New-ItemProperty -LiteralPath $key -Name 'kt-verify' -Value 'x' }
      else { New-Item -Path $key -Force }
    }
  }
  Invoke-Attempt "read $($In.secretsKey)" { Get-ItemProperty -LiteralPath $In.secretsKey }
}

function Attack-Service($In) {
  $agents = @(Get-Process -Name 'node' -ErrorAction SilentlyContinue | Where-Object { $_.Id -in $In.agents })
  Invoke-Attempt 'stop the service' { (Get-Service -Name $In.service).Stop() }
  foreach ($agent in $agents) { Invoke-Attempt 'end the agent' { $agent.Kill() } }
  foreach ($icon in @(Get-Process -Name 'Kanade Tray' -ErrorAction SilentlyContinue)) { Invoke-Attempt 'end the icon of somebody else' { $icon.Kill() } }
}

# --- pipes -----------------------------------------------------------------------------------------------------------------

# As Node makes its own: else it would be refused for another reason.
function New-PipeInstance([string] $Name) {
  $server = New-Object System.IO.Pipes.NamedPipeServerStream $Name, 'InOut', -1, 'Byte', 'Asynchronous'
  $server.Dispose()
}

function Open-Pipe([string] $Server, [string] $Name, [int] $WithinMs = 3000) {
  $client = New-Object System.IO.Pipes.NamedPipeClientStream $Server, $Name, 'InOut', 'Asynchronous', 'Identification'
  try {
    $client.Connect($WithinMs)
  } catch {
    $client.Dispose()
    throw
  }
  return $client
}

function Attack-Pipes($In) {
  foreach ($pipe in $In.pipes) {
    Invoke-Attempt "make a second instance of $pipe" { New-PipeInstance $pipe }
    Invoke-Attempt "connect to $pipe" { (Open-Pipe '.' $pipe).Dispose() }
    Invoke-Attempt "connect to $pipe from the network" { (Open-Pipe '127.0.0.1' $pipe).Dispose() }
  }
}

# --- ourselves without the rights of an administrator -----------------------------------------------------------------------

function Attack-Filtered($In) {
  Invoke-Attempt 'read the own endpoint' { [System.IO.File]::ReadAllText("$($In.data)/ipc/$($In.sid)/endpoint.json") }
  Invoke-Attempt 'connect to the own pipe' { (Open-Pipe '.' $In.pipe).Dispose() }
  Invoke-Attempt "read the administrators' endpoint" { [System.IO.File]::ReadAllText("$($In.data)/ipc/S-1-5-32-544/endpoint.json") }
  Invoke-Attempt "connect to the administrators' pipe" { (Open-Pipe '.' $In.administratorsPipe).Dispose() }
  Invoke-Attempt 'change the settings' { [System.IO.File]::Open("$($In.kanade)/config/agent.toml", 'Open', 'Write', 'ReadWrite').Dispose() }
  Invoke-Attempt 'make a second instance of the own pipe' { New-PipeInstance $In.pipe }
}

# --- -----------------------------------------------------------------------------------------------------------------------

function Set-Begun { Write-Text "$Said.begun" 'begun' }

function Invoke-Attacks([string] $Name, $In) {
  $self = Get-Self
  $control = Invoke-Attempt 'control' { Write-Text "$($In.own)/control" 'x' }
  $about = [ordered] @{
    sid = $self.sid
    isAdministrator = $self.isAdministrator
    language = "$($ExecutionContext.SessionState.LanguageMode)"
    control = if ($control.outcome -eq 'done') { 'done' } else { "$($control.outcome): $($control.detail)" }
    results = @()
  }
  if ($Name -eq 'Race') { Set-Begun }
  $about.results = @(& "Attack-$Name" $In)
  return $about
}

# When it is dot-sourced, by its tests, nothing runs.
if ($MyInvocation.InvocationName -ne '.') {
  if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    Set-Content -LiteralPath $Said -Value '{"language":"ConstrainedLanguage"}'
    exit 0
  }
  foreach ($part in 'attacks-holding', 'attacks-link-client', 'attacks-link') { . (Join-Path $PSScriptRoot "$part.ps1") }
  $in = [System.IO.File]::ReadAllText($Where) | ConvertFrom-Json
  $about = Invoke-Attacks $Attack $in
  Write-Text $Said (ConvertTo-Json -InputObject $about -Depth 5)
}
