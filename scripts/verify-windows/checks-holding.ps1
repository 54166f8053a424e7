# What people may read they may also hold, so that nobody else can open it: no set-up may wait for them, or end by it.

# What the icon needs, and what is shown beside it.
function Get-Shown {
  $app = "versions\$(Get-Version)\app"
  $files = @(foreach ($name in 'current.json', 'uninstall.exe', 'bin\Kanade Tray.exe', "$app\Kanade Tray.exe", "$app\resources\app.asar") { Join-Path $Verify.Root $name })
  return @($files | Where-Object { Test-Path -LiteralPath $_ })
}

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
    # Nobody at all can start an uninstaller that somebody holds.
    $files = @(Get-Shown | Where-Object { (Split-Path -Leaf $_) -ne 'uninstall.exe' }) + @((Join-Path $Verify.Root 'bin'), (Join-Path $Verify.Root "versions\$(Get-Version)\app"))
    $attack = Start-Attack 'Holder' @{ way = $Way; files = $files }
    $upgrade = if ($Verify.NextInstaller -ne '') { $Verify.NextInstaller } else { $Verify.Installer }
    Assert-Equal (Invoke-Setup $upgrade) 0 'exit code of an upgrade meanwhile'
    Restart-Agent
    Assert-Unheld
    Assert-Equal (Invoke-Setup (Get-Uninstaller)) 0 'exit code of the removal meanwhile'
    Assert-ProgramsGone
    $results = @(Stop-Attack $attack)
    $held = @($results | Where-Object { $_.name -like 'hold *' -and $_.outcome -eq 'done' })
    $not = @($results | Where-Object { $_.name -like 'hold *' -and $_.outcome -ne 'done' } | ForEach-Object { "$($_.name): $($_.detail)" })
    if ($held.Count -eq 0) { Skip "nothing could be held: $($not -join '; ')" }
    "held: $($held.Count) of $($files.Count), begun again $(@($results | Where-Object { $_.name -eq 'start again' } | ForEach-Object { $_.detail }) -join '')"
  }
}

# An agent that waited for somebody would be ended by now, and another one be there in its place.
function Assert-Unheld {
  $agents = @(Get-Agents | ForEach-Object { $_.ProcessId }) -join ','
  Start-Sleep -Seconds 60
  Assert-Equal (@(Get-Agents | ForEach-Object { $_.ProcessId }) -join ',') $agents 'the agent a minute after its restart'
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
