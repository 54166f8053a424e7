# The local socket: one pipe for each account, and who can come near it.

function Get-Endpoint([string] $Sid) {
  $file = Join-Path $Verify.Data "ipc\$Sid\endpoint.json"
  Assert (Test-Path -LiteralPath $file) "$Sid has no endpoint"
  return [System.IO.File]::ReadAllText($file) | ConvertFrom-Json
}

function Get-PipeOf([string] $Sid) { return (Get-Endpoint $Sid).address -replace '^\\\\\.\\pipe\\', '' }

# Readable for the account alone, and for who runs the PC anyway.
function Assert-Endpoint([string] $Sid) {
  $file = Join-Path $Verify.Data "ipc\$Sid\endpoint.json"
  Assert (Wait-Until { Test-Path -LiteralPath $file } 60) "$Sid has no endpoint"
  Assert ((Get-Endpoint $Sid).address -match '^\\\\\.\\pipe\\kanade-tray-[0-9a-f]{32}$') "the address of ${Sid}: $((Get-Endpoint $Sid).address)"
  $sddl = Get-Sddl $file
  $why = Get-Distrust $sddl
  Assert ($why -eq '') "the endpoint of $Sid $why"
  $readers = @(Get-Others $sddl $AllRights | Where-Object { $_ -ne $Sid })
  Assert ($readers.Count -eq 0) "the endpoint of $Sid can be read by $($readers -join ', ')"
}

# .NET Framework stops at a name with characters that no file may have; cmd does not.
function Get-PipeNames {
  $root = '\\.\pipe\'
  try {
    $paths = [System.IO.Directory]::GetFiles($root)
  } catch {
    $paths = (Invoke-Must (Get-SystemProgram 'cmd.exe') @('/d', '/c', 'dir', '/b', "$root\")) -split "`r?`n"
  }
  return @($paths | ForEach-Object { $_ -replace '^.*\\', '' } | Where-Object { $_ -ne '' })
}

function Get-OurPipes { return @(Get-PipeNames | Where-Object { $_ -match '^kanade-tray-[0-9a-f]{32}$' }) }

function Test-Endpoints {
  foreach ($sid in 'S-1-5-18', 'S-1-5-32-544') { Assert-Endpoint $sid }
  if ((Get-OwnSession) -ne 0) { Assert-Endpoint (Get-OwnSessionOwner) }
  $known = @(Get-ChildItem -LiteralPath (Join-Path $Verify.Data 'ipc') | Where-Object { Test-Path -LiteralPath (Join-Path $_.FullName 'endpoint.json') } |
      ForEach-Object { Get-PipeOf $_.Name })
  $others = @(Get-OurPipes | Where-Object { $_ -notin $known })
  Assert ($others.Count -eq 0) "pipes without an endpoint: $($others -join ', ')"
  return "$($known.Count) pipes"
}

# Of another account, from here and from the network, and a second instance of each.
function Test-PipesOfOthers {
  $pipes = @(Get-OurPipes)
  Assert ($pipes.Count -gt 0) 'there is no pipe'
  # What is refused has to be something that can be done at all.
  foreach ($pipe in $pipes) {
    try { New-PipeInstance $pipe } catch { throw "an administrator can not make a second instance of $pipe either, so that a refusal shows nothing: $($_.Exception.Message)" }
  }
  return Assert-Refused (Invoke-Attack 'Pipes' @{ pipes = $pipes })
}

# The account itself, but over the network. Whoever signs in to the PC from elsewhere is not the person in front of it.
function Test-RemoteOpen {
  $pipe = Get-PipeOf (Get-OwnSessionOwner)
  try {
    (Open-Pipe '127.0.0.1' $pipe).Dispose()
  } catch {
    if (Test-IsRefusal $_) { return 'refused' }
    Skip "a pipe can not be opened over the network here: $($_.Exception.Message)"
  }
  throw 'it can be opened over the network'
}

# The first frame of the agent: its length, and the text. '': it has hung up.
function Read-Frame($Pipe, [int] $WithinMs = 5000) {
  $head = Read-Bytes $Pipe 4 $WithinMs
  if ($head.Length -lt 4) { return '' }
  return [System.Text.Encoding]::UTF8.GetString((Read-Bytes $Pipe ([BitConverter]::ToInt32($head, 0)) $WithinMs))
}

function Read-Bytes($Pipe, [int] $Count, [int] $WithinMs) {
  $bytes = New-Object byte[] $Count
  $got = 0
  while ($got -lt $Count) {
    $read = $Pipe.ReadAsync($bytes, $got, $Count - $got)
    if (-not $read.Wait($WithinMs)) { throw "the agent says nothing within $WithinMs ms" }
    if ($read.Result -eq 0) { break }
    $got += $read.Result
  }
  if ($got -lt $Count) { $bytes = New-Object byte[] 0 }
  return , $bytes
}

# Eight that say nothing take all the places of an account; the administrators have others.
function Test-IdleConnections {
  $person = Get-OwnSessionOwner
  $held = New-Object System.Collections.Generic.List[object]
  try {
    foreach ($number in 1..8) { $held.Add((Open-Pipe '.' (Get-PipeOf $person))) }
    $administrator = Open-Pipe '.' (Get-PipeOf 'S-1-5-32-544')
    $held.Add($administrator)
    $first = Read-Frame $administrator
    Assert ($first -match '"hello"') "an administrator is told: $first"
  } finally {
    foreach ($each in $held) { $each.Dispose() }
  }
  # Nothing of it is left: who may connect is served again.
  $served = Wait-Until {
    $again = Open-Pipe '.' (Get-PipeOf $person)
    try { (Read-Frame $again) -match '"hello"' } finally { $again.Dispose() }
  } 10
  Assert $served 'the person is not served afterwards'
}

# --- names, and as many calls as one gets -----------------------------------------------------------------------------------

# Whoever may connect to a pipe must not be able to serve it as well: who connects next would be his.
function Test-OwnPipe {
  $pipe = Get-PipeOf (Get-OwnSessionOwner)
  Invoke-Undone {
    $results = @(Invoke-FilteredAttack 'OwnPipe' @{ pipe = $pipe })
    Assert-Done $results @('connect to the own pipe')
    $instance = @($results | Where-Object { $_.name -eq 'make a further instance of the own pipe' })
    Assert ($instance.Count -eq 1) 'nothing was tried'
    Assert ($instance[0].outcome -ne 'done') 'a person can make a further instance of the own pipe'
    if ($instance[0].outcome -ne 'refused') { Skip "it ended otherwise than by a refusal: $($instance[0].detail)" }
    'refused'
  }
}

# Everybody can list the names of pipes, and take one as soon as the agent lets go of it: no name may be used again.
function Test-SquattedPipes {
  Assert-Person
  $before = @(Get-OurPipes)
  Assert ($before.Count -gt 0) 'there is no pipe'
  Invoke-Undone {
    $attack = Start-Attack 'SquatPipes' @{ pipes = $before }
    Restart-Agent
    $accounts = @('S-1-5-18', 'S-1-5-32-544')
    $isRenamed = Wait-Until { @($accounts | Where-Object { (Get-PipeIfThere $_) -in @('') + $before }).Count -eq 0 } 60
    Assert $isRenamed "the agent uses names again that a standard user can have: $(@($accounts | ForEach-Object { Get-PipeIfThere $_ } | Where-Object { $_ -in $before }) -join ', ')"
    foreach ($account in $accounts) { Assert-Answered $account }
    $held = @(Stop-Attack $attack)
    if ($held.Count -eq 0) { Skip 'no name was free for a moment, so that there was none to have' }
    "$($held.Count) old names were held meanwhile"
  }
}

# An agent that starts replaces the file.
function Get-PipeIfThere([string] $Sid) { try { Get-PipeOf $Sid } catch { '' } }

# By the agent, which proves that it knows the token of the endpoint.
function Assert-Answered([string] $Sid, [int] $WithinMs = 5000) {
  $answer = Invoke-AgentCall $Sid 'update.get' $WithinMs
  Assert ($answer -match '"result"') "$Sid is told: $answer"
}

function Invoke-AgentCall([string] $Sid, [string] $Method, [int] $WithinMs) {
  $open = Open-Link (Get-Endpoint $Sid)
  try { return $open.link.AskWithin($Method, '{}', $WithinMs) } finally { $open.stream.Dispose() }
}

function Test-Flood {
  $sid = Get-OwnSessionOwner
  Assert-Answered 'S-1-5-32-544'
  Invoke-Undone {
    $flood = Start-FilteredAttack 'Flood' @{ sid = $sid }
    foreach ($time in 1..20) {
      try { Assert-Answered 'S-1-5-32-544' } catch { throw "while a person floods the agent: $($_.Exception.Message)" }
      Start-Sleep -Milliseconds 250
    }
    $results = @(Stop-Attack $flood)
    Assert-Done $results @('open connections', 'call')
    Assert-Answered 'S-1-5-32-544'
    "the administrator was answered each time: $(@($results | ForEach-Object { "$($_.name): $($_.detail)" }) -join ', ')"
  }
}
