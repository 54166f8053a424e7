# Programs of Windows and of others. Invariants: what goes in and comes out is UTF-8 without a mark, whatever PowerShell and code page
# this runs in (Windows PowerShell 5.1 sends ASCII to a program, and reads the console's code page); none is waited for without an
# end; what one says on its standard error is no error of ours (5.1 makes one of it as soon as it is redirected).

# Until the end of the run: the code page is that of the whole console.
function Initialize-Encoding {
  Add-Undo 'the encodings of the console' { param($In, $Out, $ToPrograms) Set-Encoding $In $Out $ToPrograms } @([Console]::InputEncoding, [Console]::OutputEncoding, $OutputEncoding)
  $utf8 = New-Object System.Text.UTF8Encoding $false
  Set-Encoding $utf8 $utf8 $utf8
}

# Without a console there is nothing to set. .NET Framework would put the mark of the input encoding before what we write.
function Set-Encoding($In, $Out, $ToPrograms) {
  $global:OutputEncoding = $ToPrograms
  try { [Console]::InputEncoding = $In } catch { Write-Verbose $_.Exception.Message }
  try { [Console]::OutputEncoding = $Out } catch { Write-Verbose $_.Exception.Message }
}

# As programs in C read it.
function ConvertTo-Argument([string] $Text) {
  if ($Text -ne '' -and $Text -notmatch '[\s"]') { return $Text }
  $escaped = $Text -replace '(\\*)"', '$1$1\"' -replace '(\\+)$', '$1$1'
  return '"' + $escaped + '"'
}

function Get-SystemProgram([string] $Name) { return Join-Path $env:SystemRoot (Join-Path 'System32' $Name) }

function Get-WindowsPowerShell { return Get-SystemProgram 'WindowsPowerShell\v1.0\powershell.exe' }

function New-StartInfo([string] $Program, [string] $CommandLine) {
  $info = New-Object System.Diagnostics.ProcessStartInfo $Program, $CommandLine
  $info.UseShellExecute = $false
  $info.CreateNoWindow = $true
  return $info
}

function Stop-Tree([System.Diagnostics.Process] $Process) {
  $taskkill = Get-SystemProgram 'taskkill.exe'
  if (Test-Path -LiteralPath $taskkill) {
    $killer = [System.Diagnostics.Process]::Start((New-StartInfo $taskkill "/T /F /PID $($Process.Id)"))
    $killer.WaitForExit(10000) | Out-Null
  }
  if (-not $Process.HasExited) { $Process.Kill() }
}

# Runs it to its end. Returns its exit code and what it said; $Text goes to its standard input.
function Invoke-Native([string] $Program, [string[]] $Arguments = @(), [string] $Text = '', [int] $Seconds = 60) {
  $info = New-StartInfo $Program (@($Arguments | ForEach-Object { ConvertTo-Argument $_ }) -join ' ')
  $info.RedirectStandardInput = $true
  $info.RedirectStandardOutput = $true
  $info.RedirectStandardError = $true
  $info.StandardOutputEncoding = New-Object System.Text.UTF8Encoding $false
  $info.StandardErrorEncoding = New-Object System.Text.UTF8Encoding $false
  $process = [System.Diagnostics.Process]::Start($info)
  $out = $process.StandardOutput.ReadToEndAsync()
  $err = $process.StandardError.ReadToEndAsync()
  try {
    # Bytes, past the writer that has an encoding of its own. One that does not read ends before we have written.
    $bytes = (New-Object System.Text.UTF8Encoding $false).GetBytes($Text)
    $process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
    $process.StandardInput.Close()
  } catch [System.IO.IOException] {
    Write-Verbose $_.Exception.Message
  }
  if (-not $process.WaitForExit($Seconds * 1000)) {
    Stop-Tree $process
    throw "$(Split-Path -Leaf $Program) does not end within $Seconds s"
  }
  # A program that it has left behind may hold the other end.
  $said = foreach ($task in $out, $err) { if ($task.Wait(5000)) { $task.Result } else { '' } }
  return [pscustomobject] @{ code = $process.ExitCode; out = $said[0]; err = $said[1] }
}

# The same, and what it must do.
function Invoke-Must([string] $Program, [string[]] $Arguments = @(), [string] $Text = '', [int] $Seconds = 60) {
  $ended = Invoke-Native $Program $Arguments $Text $Seconds
  if ($ended.code -ne 0) {
    throw "$(Split-Path -Leaf $Program) $($Arguments -join ' '): $($ended.code), $($ended.out.Trim()) $($ended.err.Trim())"
  }
  return $ended.out
}

# For programs that say nothing: with a command line as it is, and as another account. Not `Start-Process -Wait`: that waits for
# whatever the program leaves behind as well, and with no end.
function Start-Program([string] $Program, [string] $CommandLine = '', [pscredential] $Credential = $null, [string] $Directory = '') {
  $info = New-StartInfo $Program $CommandLine
  if ($Directory -ne '') { $info.WorkingDirectory = $Directory }
  if ($null -ne $Credential) {
    $info.UserName = $Credential.UserName
    $info.Domain = $env:COMPUTERNAME
    $info.Password = $Credential.Password
    $info.LoadUserProfile = $true
  }
  return [System.Diagnostics.Process]::Start($info)
}

# Returns its exit code.
function Wait-Program($Process, [int] $Seconds) {
  if (-not $Process.WaitForExit($Seconds * 1000)) {
    Stop-Tree $Process
    throw "it does not end within $Seconds s"
  }
  return $Process.ExitCode
}

# Takes away what may have links in it, which are never followed, and an access list that shuts us out.
function Remove-Tree([string] $Path) {
  if (-not (Test-IsThere $Path)) { return }
  Invoke-Native (Get-SystemProgram 'icacls.exe') @($Path, '/setowner', '*S-1-5-32-544', '/T', '/C', '/L', '/Q') | Out-Null
  Invoke-Native (Get-SystemProgram 'icacls.exe') @($Path, '/reset', '/T', '/C', '/L', '/Q') | Out-Null
  $isDirectory = ([System.IO.File]::GetAttributes($Path) -band [System.IO.FileAttributes]::Directory) -ne 0
  if ($isDirectory) { Invoke-Native (Get-SystemProgram 'cmd.exe') @('/d', '/c', 'rd', '/s', '/q', $Path) | Out-Null }
  else { [System.IO.File]::Delete($Path) }
  Assert (-not (Test-IsThere $Path)) "$Path can not be taken away"
}

# Also a link that leads nowhere.
function Test-IsThere([string] $Path) {
  try { [System.IO.File]::GetAttributes($Path) | Out-Null } catch { return $false }
  return $true
}

function Test-IsLink([string] $Path) {
  return ([System.IO.File]::GetAttributes($Path) -band [System.IO.FileAttributes]::ReparsePoint) -ne 0
}
