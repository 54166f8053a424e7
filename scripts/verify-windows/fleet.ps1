# A fleet of one PC: the broker, and commands of IT through it.

function Start-Broker([string] $Store) {
  if ($Verify.NatsServer -eq '') { return }
  $address = [uri] $Verify.NatsUrl
  $port = if ($address.Port -gt 0) { $address.Port } else { 4222 }
  $words = @('--jetstream', '--store_dir', $Store, '--addr', '127.0.0.1', '--port', "$port", '--log', "$Store.log")
  $broker = Start-Program $Verify.NatsServer (@($words | ForEach-Object { ConvertTo-Argument $_ }) -join ' ')
  Add-Undo 'the broker is ended' { param($Process) if (-not $Process.HasExited) { $Process.Kill(); $Process.WaitForExit(10000) | Out-Null } } @($broker)
  Assert (Wait-Until { $broker.HasExited -or (Test-Port '127.0.0.1' $port) } 30) "the broker does not listen on port $port"
  Assert (-not $broker.HasExited) "the broker has ended at once; is port $port free?"
}

function Test-Port([string] $HostName, [int] $Port) {
  $client = New-Object System.Net.Sockets.TcpClient
  try {
    $client.Connect($HostName, $Port)
    return $true
  } catch {
    return $false
  } finally {
    $client.Close()
  }
}

function Assert-Fleet { if ($Verify.Nats -eq '') { Skip 'no -Nats: commands can not be sent' } }

function Invoke-Nats([string[]] $Arguments, [string] $Text = '') {
  return Invoke-Native $Verify.Nats (@('--server', $Verify.NatsUrl) + $Arguments) $Text
}

function Invoke-NatsMust([string[]] $Arguments, [string] $Text = '') {
  $ended = Invoke-Nats $Arguments $Text
  if ($ended.code -ne 0) { throw "nats $($Arguments -join ' '): $($ended.code), $($ended.err.Trim())" }
  return $ended.out
}

# As the backend makes them; what is there already stays.
function Initialize-Fleet {
  $streams = [ordered] @{ INVENTORY = 'inventory.>'; RESULTS = 'results.>'; EXEC = 'commands.>'; EVENTS = 'events.>' }
  foreach ($stream in $streams.Keys) {
    if ((Invoke-Nats @('stream', 'info', $stream, '--json')).code -eq 0) { continue }
    $about = @('stream', 'add', $stream, '--subjects', $streams[$stream], '--storage', 'file', '--defaults')
    if ($stream -eq 'EXEC') { $about += @('--max-msgs-per-subject', '1') }
    Invoke-NatsMust $about | Out-Null
  }
  foreach ($bucket in 'agent_config', 'agent_groups', 'script_current', 'script_status', 'agents_state', 'schedules', 'jobs') {
    if ((Invoke-Nats @('kv', 'info', $bucket)).code -ne 0) { Invoke-NatsMust @('kv', 'add', $bucket) | Out-Null }
  }
}

# Returns its request_id. Not lost where the agent is away: the broker keeps it.
function Send-ItCommand([string] $Shell, [string] $Script, [string] $RunAs = 'system', [int] $TimeoutSeconds = 60) {
  Assert-Fleet
  # nats would fill in what it takes for a template.
  Assert (-not $Script.Contains('{{')) 'a script with {{ can not be sent by nats'
  $id = [guid]::NewGuid().ToString()
  $command = [ordered] @{
    id = 'verify'; version = '1.0.0'; request_id = $id; exec_id = $null; shell = $Shell; script = $Script
    timeout_secs = $TimeoutSeconds; jitter_secs = $null; run_as = $RunAs; staleness = @{ mode = 'cached' }
  }
  $body = $command | ConvertTo-Json -Compress -Depth 5
  Invoke-NatsMust @('pub', "commands.pc.$($Verify.PcId)", '--jetstream', '--force-stdin') $body | Out-Null
  return $id
}

# The newest message of a subject as it was sent; null: there is none.
function Get-Newest([string] $Stream, [string] $Subject) {
  $got = Invoke-Nats @('stream', 'get', $Stream, '--last-for', $Subject, '--json')
  if ($got.code -ne 0) {
    if ($got.err -match '10037|no message found') { return $null }
    throw "nats stream get ${Stream}: $($got.err.Trim())"
  }
  $bytes = [Convert]::FromBase64String(($got.out | ConvertFrom-Json).data)
  return [System.Text.Encoding]::UTF8.GetString($bytes) | ConvertFrom-Json
}

function Wait-ItResult([string] $Id, [int] $Seconds) {
  $script:ItResult = $null
  $arrived = Wait-Until { $script:ItResult = Get-Newest 'RESULTS' "results.$Id"; $null -ne $script:ItResult } $Seconds
  Assert $arrived "no result within $Seconds s"
  return $script:ItResult
}

function Invoke-ItCommand([string] $Shell, [string] $Script, [string] $RunAs = 'system', [int] $TimeoutSeconds = 60) {
  return Wait-ItResult (Send-ItCommand $Shell $Script $RunAs $TimeoutSeconds) ($TimeoutSeconds + 30)
}

# How many results the broker has of one command.
function Get-ResultCount([string] $Id) {
  $subjects = Invoke-NatsMust @('stream', 'subjects', 'RESULTS', '--json') | ConvertFrom-Json
  $count = Get-Field $subjects "results.$Id"
  if ($null -eq $count) { return 0 }
  return $count
}

# A script that says that it has begun, once for each time that it runs, and then waits.
function Send-WaitingScript([string] $Begun, [int] $WaitSeconds, [int] $TimeoutSeconds) {
  $script = "Add-Content -LiteralPath $(ConvertTo-Literal $Begun) -Value begun; Start-Sleep $WaitSeconds; 'done'"
  $id = Send-ItCommand 'powershell' $script 'system' $TimeoutSeconds
  Assert (Wait-Until { Test-Path -LiteralPath $Begun } 60) 'the script has not begun'
  return $id
}
