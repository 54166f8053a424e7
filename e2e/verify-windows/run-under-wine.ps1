# The whole of verify-windows.ps1 under wine, as it is, with stand-ins for what wine has not.
param([string] $Scripts, [string] $Installer, [string] $NextInstaller, [string] $NatsUrl, [string] $Nats, [string] $Report, [string] $Skip)

. (Join-Path $PSScriptRoot 'stand-ins-wine.ps1')

$reasons = @{}
foreach ($each in ([System.IO.File]::ReadAllText($Skip) | ConvertFrom-Json).PSObject.Properties) { $reasons[$each.Name] = $each.Value }
& (Join-Path $Scripts 'verify-windows.ps1') -Installer $Installer -NextInstaller $NextInstaller -NatsUrl $NatsUrl -Nats $Nats -Report $Report -Skip $reasons
exit $LASTEXITCODE
