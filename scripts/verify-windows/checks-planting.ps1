# A standard user who lays something down before, during and after an installation. Each check begins without the product and without
# its directories, and leaves it so, but for those of an installed product at the end.

# Lays it down, installs, and looks at what became of it. Refusing to install (3) is right as well: IT is told, and nothing is obeyed.
function Test-Planted([string] $Attack, [string[]] $Prepared) {
  Assert-Person
  Remove-Product
  Invoke-Undone {
    Add-Undo 'the own directory of the standard user is empty' { Clear-Own }
    Add-Undo 'the product and what was planted are gone' { Remove-Product }
    $results = @(Invoke-Attack $Attack)
    Assert-Done $results $Prepared
    $code = Invoke-Setup $Verify.Installer (Get-InstallArguments)
    Assert ($code -in 0, 3) "exit code of the installation: $code"
    Assert-NothingObeyed $code
    if ($code -eq 3) { 'the installation was refused with 3' } else { 'installed, and what was planted is not used' }
  }
}

function Clear-Own {
  foreach ($each in @(Get-ChildItem -LiteralPath $Verify.Person.own -Force)) { Remove-Tree $each.FullName }
}

# $Code: how the installation has ended.
function Assert-NothingObeyed([int] $Code) {
  if ($Code -eq 0) {
    Assert-Trusted $Verify.Kanade $true
    Assert-Trusted $Verify.Root
    $settings = Join-Path $Verify.Kanade 'config\agent.toml'
    Assert (Test-Path -LiteralPath $settings) 'there are no settings'
    Assert ([System.IO.File]::ReadAllText($settings) -notmatch '192\.0\.2\.1') 'the planted settings count'
  } else {
    Assert (-not (Test-AgentRuns)) 'the agent runs although the installation was refused'
  }
  foreach ($target in @(Get-ChildItem -LiteralPath $Verify.Person.own -Directory | Where-Object { $_.Name -like 'target*' })) {
    $inside = @(Get-ChildItem -LiteralPath $target.FullName -Force)
    Assert ($inside.Count -eq 0) "the installation has written through a link: $(@($inside | ForEach-Object { $_.Name }) -join ', ')"
  }
  foreach ($mine in @(Get-ChildItem -LiteralPath $Verify.Person.own -File | Where-Object { $_.Name -like 'mine-*' })) {
    Assert ([System.IO.File]::ReadAllText($mine.FullName) -match '192\.0\.2\.1') "the installation has written to $($mine.Name), which has another name in its directory"
    $owner = (ConvertFrom-Sddl (Get-Sddl $mine.FullName)).owner
    Assert-Equal $owner $Verify.Person.sid "the owner of $($mine.Name)"
  }
}

function Test-PlantedSettings { Test-Planted 'PlantSettings' @('settings', 'new settings', 'directories') }
function Test-PlantedJunction { Test-Planted 'PlantJunction' @('junction') }
function Test-PlantedInnerJunctions { Test-Planted 'PlantInnerJunctions' @('config', 'data', 'logs') }
function Test-PlantedHardLinks { Test-Planted 'PlantHardLinks' @('hard links') }

# Everybody may make a directory below C:\.
function Test-PlantedDestination {
  Assert-Person
  Remove-Product
  Invoke-Undone {
    $destination = Join-Path $env:SystemDrive 'kt-verify-destination'
    Remove-Tree $destination
    Add-Undo "$destination is gone" { param($Path) Remove-Tree $Path } @($destination)
    Add-Undo 'the product is gone' { Remove-Product }
    Add-Undo 'the own directory of the standard user is empty' { Clear-Own }
    $mark = Join-Path $Verify.Person.own 'ran'
    Assert-Done @(Invoke-Attack 'PlantDestination' @{ destination = $destination; mark = $mark }) @('destination')
    $code = Invoke-Setup $Verify.Installer (@(Get-InstallArguments) + "/D=$destination")
    Assert (-not (Test-Path -LiteralPath $mark)) 'what was planted was run by the installer'
    Assert ($code -in 0, 3) "exit code of the installation: $code"
    if ($code -eq 0) { Assert-Trusted $destination } else { Assert (-not (Test-AgentRuns)) 'the agent runs although the installation was refused' }
    "exit code $code"
  }
}

function Test-RaceDuringInstallation {
  Assert-Person
  Remove-Product
  Invoke-Undone {
    Add-Undo 'the own directory of the standard user is empty' { Clear-Own }
    Add-Undo 'the product and what was planted are gone' { Remove-Product }
    $race = Start-Attack 'Race'
    $code = Invoke-Setup $Verify.Installer (Get-InstallArguments)
    $won = @(Stop-Attack $race)
    Assert-Equal $code 0 'exit code of the installation'
    $root = $Verify.Root.Replace('\', '/')
    $programs = @($won | Where-Object { $_.name.Replace('\', '/').StartsWith($root) } | ForEach-Object { $_.name })
    Assert ($programs.Count -eq 0) "a standard user has written to $($programs -join ', ') during the installation"
    Assert-NothingObeyed $code
    foreach ($name in 'kt-verify-planted', 'config\kt-verify-planted', 'data\kt-verify-planted', 'logs\kt-verify-planted', 'config\agent.toml.new') {
      Assert (-not (Test-IsThere (Join-Path $Verify.Kanade $name))) "$name was planted during the installation"
    }
    "$($won.Count) times too early to matter"
  }
}

# Who holds the names by which set-ups keep one another away holds up every installation.
function Test-HeldNames {
  Assert-Person
  Remove-Product
  Invoke-Undone {
    Add-Undo 'the own directory of the standard user is empty' { Clear-Own }
    Add-Undo 'the product is gone' { Remove-Product }
    $holding = Start-Attack 'HoldNames' @{ lock = $Verify.Lock }
    $code = Invoke-Setup $Verify.Installer (Get-InstallArguments)
    $held = @(Stop-Attack $holding)
    Assert-Equal $code 0 'exit code of the installation meanwhile'
    $file = @($held | Where-Object { $_.name -eq 'the lock file' })
    Assert ($file.Count -eq 1 -and $file[0].outcome -eq 'refused') 'a standard user can hold the lock file'
    "held: $(@($held | Where-Object { $_.outcome -eq 'done' } | ForEach-Object { $_.name }) -join ', ')"
  }
}

# --- with the product installed ---------------------------------------------------------------------------------------------

function Test-FilesAsUser {
  $detail = Assert-Refused (Invoke-Attack 'Files' @{ version = "$(Get-Version)" })
  Assert-Trusted $Verify.Kanade $true
  return $detail
}

function Test-RegistryAsUser {
  Invoke-Undone {
    Add-Undo 'what was planted in the registry is gone' { Clear-PlantedValues }
    Assert-Refused (Invoke-Attack 'Registry')
  }
}

# Of a product that lets it be planted.
function Clear-PlantedValues {
  foreach ($key in $Verify.SecretsKey, $Verify.PolicyKey, $Verify.UninstallKey, $Verify.RunKey, "HKLM:\SYSTEM\CurrentControlSet\Services\$($Verify.Service)") {
    if ($null -ne (Get-RegistryValue $key 'kt-verify')) { Remove-ItemProperty -LiteralPath $key -Name 'kt-verify' }
  }
}

function Test-ServiceAsUser {
  $agents = @(Get-Agents | ForEach-Object { $_.ProcessId })
  Assert-Equal $agents.Count 1 'agents'
  $detail = Assert-Refused (Invoke-Attack 'Service' @{ agents = $agents })
  Assert-Equal (@(Get-Agents | ForEach-Object { $_.ProcessId }) -join ',') ($agents -join ',') 'the agent afterwards'
  return $detail
}
