# Attacks, and pipes, for stand-ins.ps1: what a correct product lets a standard user do.

# The real attack where it only lays something down; what a correct product makes of it where it is up against one.
function Start-AttackOfWorld([string] $CommandLine) {
  $null = $CommandLine -match '-Attack (\w+) -Where "?(.+?)"? -Said "?([^"]+)"?$'
  $name, $where, $said = $Matches[1], $Matches[2], $Matches[3]
  $in = [System.IO.File]::ReadAllText($where) | ConvertFrom-Json
  New-Text "$said.begun" 'begun'
  $self = if ($World.filtered) { $World.ownSid } else { $Accounts.person }
  $about = @{ sid = $self; isAdministrator = $false; language = 'FullLanguage'; control = 'done'; results = @(); silent = $false }
  if ($name -eq 'PlantShell') {
    New-Text "$($in.directory)/pwsh.exe" 'planted'
    $about.results = @(@{ name = 'pwsh.exe'; outcome = 'done'; detail = '' })
  } elseif ($name -like 'Plant*') { $about.results = @(& "Attack-$name" $in) }
  elseif ($name -eq 'HoldNames') { $about.results = @(@{ name = 'the mutex Global\KanadeTraySetup'; outcome = 'done'; detail = '' }, @{ name = 'the lock file'; outcome = 'refused'; detail = '' }, @{ name = 'a lock on the lock file'; outcome = 'refused'; detail = '' }) }
  elseif ($name -eq 'Race') { $about.results = @(@{ name = "$($Verify.Kanade)/config/agent.toml"; outcome = 'done'; detail = '' }) }
  elseif ($name -eq 'Filtered') {
    $about.results = @(@{ name = 'read the own endpoint'; outcome = 'done'; detail = '' }, @{ name = 'connect to the own pipe'; outcome = 'done'; detail = '' },
      @{ name = 'change the settings'; outcome = 'refused'; detail = '' })
  } elseif ($name -eq 'ReadShown') { $about.results = @($in.files | ForEach-Object { @{ name = "read $_"; outcome = $(if ((Split-Path -Leaf $_) -in $World.shut) { 'refused' } else { 'done' }); detail = '' } }) }
  elseif ($name -eq 'Holder') {
    New-Text "$($in.own)/holding.json" (ConvertTo-Json @{ process = $PID; files = @($in.files | Where-Object { (Split-Path -Leaf $_) -notin $World.letGo }) })
    $about.results = @($in.files | ForEach-Object { @{ name = "hold $_"; outcome = 'done'; detail = '' } }) + @{ name = 'start again'; outcome = 'done'; detail = '3 times' }
  }
  elseif ($name -eq 'OwnPipe') { $about.results = @(@{ name = 'connect to the own pipe'; outcome = 'done'; detail = '' }, @{ name = 'make a further instance of the own pipe'; outcome = 'refused'; detail = '' }) }
  elseif ($name -in 'SquatPipes', 'Flood') { $about.results = @('open connections', 'call' | ForEach-Object { @{ name = $_; outcome = 'done'; detail = '' } }) }
  else { $about.results = @(@{ name = 'all of it'; outcome = 'refused'; detail = '' }) }
  if ($null -ne $World.attack) { & $World.attack $about $name }
  if (-not $about.silent) { New-Text $said ($about | ConvertTo-Json -Depth 5) }
}
function New-Junction([string] $Path, [string] $Target) { New-Item -ItemType SymbolicLink -Path $Path -Value $Target | Out-Null }

# --- pipes -----------------------------------------------------------------------------------------------------------------

function New-PipeInstance([string] $Name) { if ($World.noInstances) { throw 'all instances are busy' } }
function Open-Pipe([string] $Server, [string] $Name, [int] $WithinMs = 3000) {
  if ($Server -ne '.') { & $World.remoteOpen }
  $account = $World.pipes[$Name]
  $text = if ($World.tooMany -eq $account) { '{"error":"too_many"}' } else { '{"method":"hello"}' }
  $body = [System.Text.Encoding]::UTF8.GetBytes($text)
  $stream = New-Object System.IO.MemoryStream
  $stream.Write([BitConverter]::GetBytes($body.Length), 0, 4)
  $stream.Write($body, 0, $body.Length)
  $stream.Position = 0
  return $stream
}
function Invoke-AgentCall([string] $Sid) { return & $World.agentSays $Sid }
$World.remoteOpen = { throw [System.UnauthorizedAccessException]::new('denied') }
