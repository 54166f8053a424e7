# How a check is written, run and reported. Invariants: a check never stops the ones after it; what can't be checked is SKIP with the
# reason, never PASS; what a check has made is undone, in the reverse order, however the run ends.
#
# A block that is given to a function of PowerShell sees the variables of that function before those of its own script. So whatever
# the checks share is in the one variable $Verify, and the parameters of what runs blocks have names that nothing else has.

function Skip([string] $Why) {
  $skipped = New-Object System.Exception $Why
  $skipped.Data['verify-windows'] = 'skip'
  throw $skipped
}

function Assert([bool] $Holds, [string] $Otherwise) { if (-not $Holds) { throw $Otherwise } }

function Assert-Equal($Is, $Must, [string] $What) {
  if ($Is -ne $Must) { throw "${What}: '$Is', not '$Must'" }
}

function Test-IsSkip($CheckError) {
  for ($cause = $CheckError.Exception; $null -ne $cause; $cause = $cause.InnerException) {
    if ($cause.Data['verify-windows'] -eq 'skip') { return $true }
  }
  return $false
}

# Runs one check and keeps what became of it; the last thing that it returns is its detail.
function Invoke-Check([string] $CheckName, [scriptblock] $CheckBody) {
  $checkWatch = [System.Diagnostics.Stopwatch]::StartNew()
  $checkResult = 'PASS'
  $checkDetail = ''
  try {
    $checkDetail = [string] (& $CheckBody | Select-Object -Last 1)
  } catch {
    $checkResult = if (Test-IsSkip $_) { 'SKIP' } else { 'FAIL' }
    $checkDetail = $_.Exception.Message
  }
  Add-Result $CheckName $checkResult $checkDetail $checkWatch.Elapsed.TotalSeconds
}

function Add-Result([string] $Name, [string] $Result, [string] $Detail, [double] $Seconds = 0) {
  $rounded = [math]::Round($Seconds, 1)
  $Verify.Results.Add([pscustomobject] @{ check = $Name; result = $Result; seconds = $rounded; detail = $Detail })
  Write-Host ('{0} {1,6} s  {2}  {3}' -f $Result, $rounded, $Name, $Detail)
}

# By a clock that nobody sets; looks once more at the end.
function Wait-Until([scriptblock] $WaitFor, [double] $WaitSeconds, [int] $WaitEveryMs = 500) {
  $waited = [System.Diagnostics.Stopwatch]::StartNew()
  do {
    if (& $WaitFor) { return $true }
    Start-Sleep -Milliseconds $WaitEveryMs
  } while ($waited.Elapsed.TotalSeconds -lt $WaitSeconds)
  return [bool] (& $WaitFor)
}

# The block gets the arguments: it runs much later, when the variables of who asked for it are gone.
function Add-Undo([string] $What, [scriptblock] $UndoBlock, [object[]] $UndoArguments = @()) {
  $Verify.Undo.Push(@{ what = $What; block = $UndoBlock; arguments = $UndoArguments })
}

# Down to how many there were: a check undoes its own things, the end of the run what is left.
function Invoke-Undo([int] $DownTo = 0) {
  while ($Verify.Undo.Count -gt $DownTo) {
    $undo = $Verify.Undo.Pop()
    $undoArguments = $undo.arguments
    try {
      & $undo.block @undoArguments | Out-Null
    } catch {
      Add-Result "undone: $($undo.what)" 'FAIL' $_.Exception.Message
    }
  }
}

# A check that makes things of its own: they are gone before the next one begins.
function Invoke-Undone([scriptblock] $UndoneBody) {
  $undoneDepth = $Verify.Undo.Count
  try { & $UndoneBody } finally { Invoke-Undo $undoneDepth }
}

# Also from what has no such property, which strict mode makes an error.
function Get-Field($From, [string] $Name) {
  if ($null -eq $From) { return $null }
  $property = $From.PSObject.Properties[$Name]
  if ($null -eq $property) { return $null }
  return $property.Value
}

# Within single quotation marks, for a script of PowerShell.
function ConvertTo-Literal([string] $Text) { return "'" + $Text.Replace("'", "''") + "'" }

function Write-Utf8([string] $Path, [string] $Text) {
  [System.IO.File]::WriteAllText($Path, $Text, (New-Object System.Text.UTF8Encoding $false))
}

# --- the report ------------------------------------------------------------------------------------------------------------

function Get-CountOf([string] $Result) {
  return @($Verify.Results | Where-Object { $_.result -eq $Result }).Count
}

# Where CIM is out of order, what was found is written all the same.
function Get-WindowsVersion {
  try {
    $system = Get-CimInstance -ClassName Win32_OperatingSystem
    return "$($system.Caption) $($system.Version)"
  } catch {
    return [Environment]::OSVersion.VersionString
  }
}

function Get-Report {
  return [ordered] @{
    at = [DateTime]::UtcNow.ToString('o')
    windows = Get-WindowsVersion
    powershell = $PSVersionTable.PSVersion.ToString()
    stage = $Verify.Stage
    installer = [System.IO.Path]::GetFileName($Verify.Installer)
    passed = Get-CountOf 'PASS'
    failed = Get-CountOf 'FAIL'
    skipped = Get-CountOf 'SKIP'
    checks = $Verify.Results.ToArray()
  }
}

# Returns the exit code: 0 only without a failure. A report that can't be written is one.
function Write-Report {
  try {
    Write-Utf8 $Verify.Report (Get-Report | ConvertTo-Json -Depth 4)
  } catch {
    Add-Result 'the report is written' 'FAIL' $_.Exception.Message
  }
  Write-Host ''
  foreach ($each in $Verify.Results) {
    if ($each.result -ne 'PASS') { Write-Host ('{0}  {1}  {2}' -f $each.result, $each.check, $each.detail) }
  }
  $failed = Get-CountOf 'FAIL'
  Write-Host ('{0} passed, {1} failed, {2} skipped; the report is in {3}' -f (Get-CountOf 'PASS'), $failed, (Get-CountOf 'SKIP'), $Verify.Report)
  return [math]::Min($failed, 250)
}
