# What people may read they may also hold, so that nobody else can open it: no set-up may wait for them, or end by it.

# What the icon needs, and what is shown beside it; everybody's entry in the Start menu.
function Get-Shown {
  $app = "versions\$(Get-Version)\app"
  $files = @(foreach ($name in 'current.json', 'uninstall.exe', 'bin\Kanade Tray.exe', "$app\Kanade Tray.exe", "$app\resources\app.asar") { Join-Path $Verify.Root $name })
  return @(@($files) + @(Get-MenuEntry) | Where-Object { Test-Path -LiteralPath $_ })
}

function Get-MenuEntry { return Join-Path $env:ProgramData 'Microsoft\Windows\Start Menu\Programs\Kanade Tray.lnk' }

function Test-HeldUnshared { Test-Held 'unshared' }
function Test-HeldByLocks { Test-Held 'locked' }

# Installed, and all of it held by somebody who begins again when a set-up ends him: an upgrade, a start of the service, a removal.
function Test-Held([string] $Way) {
  Assert-Person
  Remove-Product
  Invoke-Undone {
    Add-Undo 'the own directory of the standard user is empty' { Clear-Own }
    Add-Undo 'the product is gone' { Remove-Product }
    Confirm-Installed
    $files = @(Get-Shown) + @((Join-Path $Verify.Root 'bin'), (Join-Path $Verify.Root "versions\$(Get-Version)\app"))
    $attack = Start-Attack 'Holder' @{ way = $Way; files = $files }
    if (-not (Test-Holding 'uninstall.exe')) { Skip "nothing could be held: $(Get-NotHeld @(Stop-Attack $attack))" }
    $upgrade = if ($Verify.NextInstaller -ne '') { $Verify.NextInstaller } else { $Verify.Installer }
    Assert-Equal (Invoke-Setup $upgrade) 0 'exit code of an upgrade meanwhile'
    # Again, after the upgrade has given it back: what is looked at next is looked at while it is held.
    Assert (Test-Holding 'uninstall.exe') 'nothing is held at the restart of the service'
    Restart-Agent
    Assert-Unheld
    Assert (Test-Holding 'uninstall.exe') 'uninstall.exe is not held at the removal'
    Assert (Test-Holding 'Kanade Tray.lnk') 'the entry in the Start menu is not held at the removal'
    # Nobody at all can start the other one, that for people, while somebody holds it.
    Assert-Equal (Invoke-Setup (Join-Path $Verify.Root 'private\uninstall.exe')) 0 'exit code of the removal meanwhile'
    Assert-ProgramsGone
    Assert (-not (Test-Path -LiteralPath (Get-MenuEntry))) 'the entry in the Start menu is still there'
    $results = @(Stop-Attack $attack)
    $held = @($results | Where-Object { $_.name -like 'hold *' -and $_.outcome -eq 'done' })
    $again = @($results | Where-Object { $_.name -eq 'start again' })
    Assert ($again.Count -eq 1 -and $again[0].outcome -eq 'done') 'the set-up has ended nobody who held what it replaces'
    "held: $($held.Count) of $($files.Count), begun again $($again[0].detail); not held: $(Get-NotHeld $results)"
  }
}

function Get-NotHeld($Results) {
  return @($Results | Where-Object { $_.name -like 'hold *' -and $_.outcome -ne 'done' } | ForEach-Object { "$($_.name): $($_.detail)" }) -join '; '
}

# Whether a file that is called so is held at this moment, by what the one says who holds it, and while he is there.
function Test-Holding([string] $Leaf) {
  return Wait-Until {
    $text = try { [System.IO.File]::ReadAllText((Join-Path $Verify.Person.own 'holding.json')) } catch { '' }
    if ($text -eq '') { return $false }
    $holding = $text | ConvertFrom-Json
    if ($null -eq (Get-Process -Id $holding.process -ErrorAction SilentlyContinue)) { return $false }
    return @($holding.files | ForEach-Object { Split-Path -Leaf $_ }) -contains $Leaf
  } 30
}

# An agent that waited for somebody would be ended by now, and another one be there in its place.
function Assert-Unheld {
  $agents = @(Get-Agents | ForEach-Object { $_.ProcessId }) -join ','
  Start-Sleep -Seconds 60
  Assert-Equal (@(Get-Agents | ForEach-Object { $_.ProcessId }) -join ',') $agents 'the agent a minute after its restart'
  Assert (Test-Holding 'uninstall.exe') 'nothing is held any more a minute later'
  if ($Verify.Nats -ne '') { Assert-Equal (Invoke-ItCommand 'powershell' 'exit 42').exit_code 42 'exit 42 while it is held' }
  Assert (-not (Test-SetupRuns)) 'a set-up is still there'
}

# As if the power went while what people may read is shut: the set-up ends with all that it has started, and undoes nothing.
function Test-CutSetup {
  Assert-Person
  Confirm-Installed
  $shown = @(Get-Shown)
  $app = Join-Path $Verify.Root "versions\$(Get-Version)\app"
  Assert-Readable $shown 'before'
  Invoke-Undone {
    $isCut = $false
    foreach ($try in 1..3) {
      $setup = Start-Program $Verify.Installer (ConvertTo-SetupLine @())
      Add-Undo 'the set-up is ended' { param($Process) if (-not $Process.HasExited) { Stop-Tree $Process } } @($setup)
      Wait-Until { $setup.HasExited -or (Test-IsShut $app) } $Verify.SetupSeconds 10 | Out-Null
      $isCut = -not $setup.HasExited
      if ($isCut) { Stop-Tree $setup; break }
    }
    if (-not $isCut) { Skip 'the set-up was not caught in its middle' }
    Assert-Trusted $Verify.Root
    Assert-Trusted $Verify.Kanade $true
    # As the next start of Windows does; the icon may have to wait, the agent not.
    Restart-Agent
    Assert-Equal (Invoke-Setup $Verify.Installer) 0 'exit code of the next set-up'
    Assert (Wait-Until { Test-AgentRuns } 60) 'the agent does not run'
    Assert-Readable $shown 'after the next set-up'
    Assert-Trusted $Verify.Root
  }
}

function Test-IsShut([string] $Path) { return @(Get-Others (Get-Sddl $Path) $AllRights).Count -eq 0 }

function Assert-Readable([string[]] $Files, [string] $When) {
  Assert ($Files.Count -gt 0) 'there is nothing that people may read'
  $results = @(Invoke-Attack 'ReadShown' @{ files = $Files })
  $not = @($results | Where-Object { $_.outcome -ne 'done' } | ForEach-Object { "$($_.name) ($($_.detail))" })
  Assert ($results.Count -eq $Files.Count -and $not.Count -eq 0) "${When}: people can not $($not -join ', ')"
}
