# What somebody who is no administrator does with the names and the connections of pipes: for attacks.ps1, which reads this beside it.

# --- names -------------------------------------------------------------------------------------------------------------------

# Whoever has the name first is the one that clients talk to. As soon as the agent lets go of it.
function Attack-SquatPipes($In) {
  $held = @{}
  Set-Begun
  while (-not (Test-Path -LiteralPath $In.stop)) {
    foreach ($pipe in $In.pipes) {
      if ($held.ContainsKey($pipe)) { continue }
      try { $held[$pipe] = New-Object System.IO.Pipes.NamedPipeServerStream $pipe, 'InOut', -1, 'Byte', 'Asynchronous' } catch { Write-Verbose "$_" }
    }
  }
  foreach ($pipe in $held.Keys) {
    $held[$pipe].Dispose()
    [pscustomobject] @{ name = "have the name $pipe"; outcome = 'done'; detail = '' }
  }
}

function Attack-OwnPipe($In) {
  Invoke-Attempt 'connect to the own pipe' { (Open-Pipe '.' $In.pipe).Dispose() }
  Invoke-Attempt 'make a further instance of the own pipe' { New-PipeInstance $In.pipe }
}

# --- calls -------------------------------------------------------------------------------------------------------------------

# As many calls over as many connections as this account gets, also where it is hung up on; what comes back is left unread.
function Attack-Flood($In) {
  $endpoint = [System.IO.File]::ReadAllText("$($In.data)/ipc/$($In.sid)/endpoint.json") | ConvertFrom-Json
  $links = New-Object System.Collections.Generic.List[object]
  $opened = 0
  $calls = 0
  $why = ''
  $begun = $false
  while (-not (Test-Path -LiteralPath $In.stop)) {
    while ($links.Count -lt 16) { try { $links.Add((Open-Link $endpoint)); $opened++ } catch { $why = $_.Exception.Message; break } }
    foreach ($each in $links.ToArray()) {
      try {
        foreach ($call in 1..60) { $each.link.Send('runs.list', '{"search":"fits nothing"}'); $calls++ }
      } catch {
        $each.stream.Dispose()
        $links.Remove($each) | Out-Null
      }
    }
    if (-not $begun) { $begun = $true; Set-Begun }
  }
  foreach ($each in $links) { $each.stream.Dispose() }
  [pscustomobject] @{ name = 'open connections'; outcome = $(if ($opened -ge 8) { 'done' } else { 'error' }); detail = "$opened; $why" }
  [pscustomobject] @{ name = 'call'; outcome = $(if ($calls -ge 960) { 'done' } else { 'error' }); detail = "$calls times" }
}
