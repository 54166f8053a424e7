# Installs the product under wine, breaks it in one way after the other, and runs the check that is for it each time: on the broken
# product and, before, on the sound one. A case says in PowerShell how it is broken and how that is undone.
param([string] $Scripts, [string] $Installer, [string] $NatsUrl, [string] $Nats, [string] $Cases, [string] $Results)

# What is dot-sourced has parameters of these names.
$Given = @{
  Installer = $Installer; NextInstaller = ''; NatsUrl = $NatsUrl; NatsServer = ''; Nats = $Nats; Stage = 'All'; PowerOff = $false
  Interactive = $false; KeepInstalled = $false; ConstrainedLanguage = $false; Report = ''; Scripts = $Scripts; Skip = @{}
}
. (Join-Path $Scripts 'verify-windows.ps1')
. (Join-Path $PSScriptRoot 'stand-ins-wine.ps1')

$Verify = New-Verify $Given
$Verify.Begun = Get-Date

# The program of the agent, with one text of it exchanged.
function Edit-Agent([string] $From, [string] $To) {
  $files = @(Get-ChildItem -LiteralPath (Join-Path $Verify.Root "versions\$(Get-Version)\agent") -Filter '*.js')
  $Verify.SoundAgent = @{}
  foreach ($file in $files) {
    $text = [System.IO.File]::ReadAllText($file.FullName)
    if ($text.Contains($From)) { $Verify.SoundAgent[$file.FullName] = $text }
  }
  Assert ($Verify.SoundAgent.Count -gt 0) "the agent's program does not hold $From"
  foreach ($path in $Verify.SoundAgent.Keys) { Write-Utf8 $path $Verify.SoundAgent[$path].Replace($From, $To) }
  Restart-Agent
}

function Restore-Agent {
  foreach ($path in $Verify.SoundAgent.Keys) { Write-Utf8 $path $Verify.SoundAgent[$path] }
  Restart-Agent
}

# Of the directory with what the service runs. wine keeps access lists as modes of Unix, and does not wait for a program of it.
function Set-UnixMode([string] $Mode, [scriptblock] $IsSet) {
  $unix = (Invoke-Must 'winepath.exe' @('-u', (Join-Path $Verify.Root 'private'))).Trim()
  Invoke-Native 'start.exe' @('/unix', '/usr/bin/chmod', $Mode, $unix) | Out-Null
  Assert (Wait-Until $IsSet 20) "it has not become $Mode"
}

# What Invoke-Check says of it.
function Get-Outcome([string] $Check) {
  $before = $Verify.Results.Count
  Invoke-Check $Check { & $Check }
  $last = $Verify.Results[$before]
  return @{ result = $last.result; detail = $last.detail }
}

Initialize-Encoding
Invoke-Check 'everything for the checks is there' { Initialize-Verify; Confirm-Installed }
$all = foreach ($case in @([System.IO.File]::ReadAllText($Cases) | ConvertFrom-Json)) {
  $sound = Get-Outcome $case.check
  Invoke-Check "broken: $($case.name)" ([scriptblock]::Create($case.breaks))
  $broken = Get-Outcome $case.check
  Invoke-Check "mended: $($case.name)" ([scriptblock]::Create($case.mends))
  @{ name = $case.name; sound = $sound; broken = $broken }
}
Remove-Product
Invoke-Undo
$others = @($Verify.Results | Where-Object { $_.check -notlike 'Test-*' -and $_.result -ne 'PASS' } | ForEach-Object { "$($_.check): $($_.detail)" })
Write-Utf8 $Results (ConvertTo-Json -InputObject @{ cases = @($all); others = $others } -Depth 5)
exit 0
