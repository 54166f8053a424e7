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

# The package is IT's, and its settings stand for what somebody else would put in their place.
function Test-PlantedWay {
  Assert-Person
  Remove-Product
  Invoke-Undone {
    $package = Join-Path $Verify.Work 'package'
    Remove-Tree $package
    Add-Undo "$package is gone" { param($Path) Remove-Tree $Path } @($package)
    Add-Undo 'the product is gone' { Remove-Product }
    Add-Undo 'the own directory of the standard user is empty' { Clear-Own }
    New-Item -ItemType Directory -Path $package | Out-Null
    Copy-Item -LiteralPath $Verify.Installer -Destination $package
    Write-Utf8 (Join-Path $package 'install.toml') "[agent]`nid = `"planted`"`nnats_url = `"nats://192.0.2.1:4222`"`n"
    Assert-Done @(Invoke-Attack 'PlantWay' @{ package = $package }) @('way')
    $installer = Join-Path (Join-Path $Verify.Person.own 'way') (Split-Path -Leaf $Verify.Installer)
    $code = Invoke-Setup $installer
    Assert-Equal $code 3 'exit code of the installation'
    Assert-NothingObeyed $code
    'refused with 3'
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
    # From then on the lock is there, and stays.
    Confirm-Installed
    Assert (Test-IsThere $Verify.Lock) 'there is no lock file'
    $holding = Start-Attack 'HoldNames' @{ lock = $Verify.Lock }
    $code = Invoke-Setup $Verify.Installer
    $held = @(Stop-Attack $holding)
    Assert-Equal $code 0 'exit code of the installation meanwhile'
    foreach ($name in 'the lock file', 'a lock on the lock file') {
      $file = @($held | Where-Object { $_.name -eq $name })
      Assert ($file.Count -eq 1 -and $file[0].outcome -eq 'refused') "a standard user can hold $name"
    }
    "held: $(@($held | Where-Object { $_.outcome -eq 'done' } | ForEach-Object { $_.name }) -join ', ')"
  }
}

# --- where an installer unpacks its own libraries -----------------------------------------------------------------------------

# It loads them before it can make anything safe. For SYSTEM, as whom deployment tools install, that is where everybody may make
# directories. The standard user is told the name, which nobody here could list.
function Test-PlantedTemp {
  Assert-Person
  Remove-Product
  Invoke-Undone {
    Add-Undo 'the own directory of the standard user is empty' { Clear-Own }
    Add-Undo 'the product is gone' { Remove-Product }
    Add-Undo 'nothing of the standard user is left in C:\Windows\Temp' { Clear-PlantedTemp }
    $names = Join-Path $Verify.Person.own 'names.txt'
    $before = @(Get-Unpacked | ForEach-Object { $_.FullName })
    $attack = Start-Attack 'Temp' @{ temp = (Get-SharedTemp); names = $names }
    $installer = Start-AsSystem $Verify.Installer (ConvertTo-SetupLine (Get-InstallArguments))
    $seen = @{}
    $ended = Wait-Until { Watch-Unpacked $before $seen $names; Test-TaskEnded $installer } $Verify.SetupSeconds 20
    Assert $ended "the installation does not end within $($Verify.SetupSeconds) s"
    $results = @(Stop-Attack $attack)
    Assert-Equal (Wait-Task $installer 1) 0 'exit code of the installation'
    $done = @($results | Where-Object { $_.outcome -eq 'done' } | ForEach-Object { $_.name })
    Assert ($done.Count -eq 0) "a standard user can: $($done -join '; ')"
    $problems = @($seen.Values | Where-Object { $_ -ne '' })
    Assert ($problems.Count -eq 0) "the installer has unpacked into what others can change: $($problems -join '; ')"
    if ($seen.Count -eq 0) { Skip "nothing that the installer has unpacked was seen in $(Get-SharedTemp)" }
    "$($seen.Count) directories, $(@($results | Where-Object { $_.outcome -eq 'refused' }).Count) attempts refused"
  }
}

function Get-SharedTemp { return Join-Path $env:SystemRoot 'Temp' }

# As NSIS calls its own.
function Get-Unpacked {
  if (Test-Path -LiteralPath (Get-SharedTemp)) { Get-ChildItem -LiteralPath (Get-SharedTemp) -Directory -Force -Filter 'ns*.tmp' }
}

# Those of the standard user have nothing else in them.
function Test-HasOnlyPlanted([string] $Directory) {
  return @(Get-ChildItem -LiteralPath $Directory -Force | Where-Object { $_.Name -ne 'kt-verify-planted' }).Count -eq 0
}

# Directory → what is wrong with it, or ''. It may go while it is checked.
function Watch-Unpacked($Before, $Seen, [string] $Names) {
  foreach ($directory in @(Get-Unpacked | ForEach-Object { $_.FullName } | Where-Object { $_ -notin $Before -and "$($Seen[$_])" -eq '' })) {
    try {
      if (Test-HasOnlyPlanted $directory) { continue }
      $problems = @(foreach ($path in @($directory) + @(Get-ChildItem -LiteralPath $directory -Force | ForEach-Object { $_.FullName })) {
          $why = Get-Distrust (Get-Sddl $path)
          if ($why -ne '') { "$path $why" }
        })
    } catch {
      if (Test-IsThere $directory) { throw }
      continue
    }
    $Seen[$directory] = $problems -join '; '
    try { [System.IO.File]::WriteAllLines($Names, [string[]] @($Seen.Keys)) } catch { Write-Verbose "$_" }
  }
}

function Clear-PlantedTemp {
  if (-not (Test-Path -LiteralPath (Get-SharedTemp))) { return }
  $moved = @(Get-ChildItem -LiteralPath (Get-SharedTemp) -Force -Filter '*.tmp.kt-verify')
  $planted = @(Get-Unpacked | Where-Object { Test-IsThere (Join-Path $_.FullName 'kt-verify-planted') })
  foreach ($each in $moved + $planted) { Remove-Tree $each.FullName }
}

# --- what a person has said in their own part of the registry -----------------------------------------------------------------

$UserEnvironment = 'HKCU:\Environment'

# Of ours alone, also where the power went meanwhile.
function Clear-UserEnvironment {
  $env:KANADE_AGENT_DATA_DIR = $null
  $value = "$(Get-RegistryValue $UserEnvironment 'KANADE_AGENT_DATA_DIR')"
  if ($value -match 'kanade-verify-[0-9a-f]{32}.somebody$') { Remove-ItemProperty -LiteralPath $UserEnvironment -Name 'KANADE_AGENT_DATA_DIR' }
}

# Windows puts it into the environment of every set-up that this person agrees to.
function Test-UserEnvironment {
  Remove-Product
  $name = 'KANADE_AGENT_DATA_DIR'
  foreach ($key in $UserEnvironment, $Verify.EnvironmentKey) { if ($null -ne (Get-RegistryValue $key $name)) { Skip "$name is set here already ($key)" } }
  Invoke-Undone {
    Add-Undo 'the product is gone' { Remove-Product }
    $directory = Join-Path $Verify.Work 'somebody'
    New-Item -ItemType Directory -Path $directory -Force | Out-Null
    Add-Undo "$directory is gone" { param($Path) Remove-Tree $Path } @($directory)
    $before = Get-Sddl $directory
    Add-Undo "$name is gone" { Clear-UserEnvironment }
    Set-ItemProperty -LiteralPath $UserEnvironment -Name $name -Value $directory
    $env:KANADE_AGENT_DATA_DIR = $directory
    Assert-Equal (Invoke-Setup $Verify.Installer (Get-InstallArguments)) 0 'exit code of the installation'
    Assert-Equal (Get-Sddl $directory) $before "the access list of the directory that $name names"
    $inside = @(Get-ChildItem -LiteralPath $directory -Force | ForEach-Object { $_.Name })
    Assert ($inside.Count -eq 0) "the set-up has written to it: $($inside -join ', ')"
    Assert (Wait-Until { Test-AgentRuns } 60) 'the agent does not run'
    Assert (Wait-Until { Test-Path -LiteralPath (Join-Path $Verify.Data 'store.db') } 60) 'the store is not where it belongs'
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
