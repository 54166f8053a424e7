# What somebody who is no administrator holds, or puts where others will look: for attacks.ps1, which reads this beside it.

# --- the directory that an installer unpacks into ---------------------------------------------------------------------------

# Everybody may make directories below C:\Windows\Temp, and nobody may list them. The names come from the clock (ns, a letter, hex
# digits); those that are there already are told by $In.names, which is more than anybody here would know.
function Attack-Temp($In) {
  $planted = New-Object System.Collections.Generic.Queue[string]
  $tried = @{}
  Set-Begun
  try {
    while (-not (Test-Path -LiteralPath $In.stop)) {
      Add-PlantedTemp "$($In.temp)/$(Get-NameOfClock)" $planted
      foreach ($directory in @(Get-Told $In.names)) {
        foreach ($attempt in @(Invoke-TempAttempts $directory)) {
          if (-not $tried.ContainsKey($attempt.name) -or $attempt.outcome -ne 'error') { $tried[$attempt.name] = $attempt }
          if ($attempt.outcome -eq 'done') { return $attempt }
        }
      }
    }
  } finally {
    while ($planted.Count -gt 0) { Remove-PlantedTemp $planted.Dequeue() }
  }
  return @($tried.Values)
}

function Get-NameOfClock {
  $tick = [BitConverter]::ToUInt32([BitConverter]::GetBytes([Environment]::TickCount), 0)
  return 'ns{0}{1:X}.tmp' -f [char] [int] (97 + $tick % 26), ($tick % 65536)
}

# A few at a time: whatever ends this leaves no more.
function Add-PlantedTemp([string] $Path, $Planted) {
  if (Test-Path -LiteralPath $Path) { return }
  try { New-Directory $Path; Write-Text "$Path/kt-verify-planted" 'x'; $Planted.Enqueue($Path) } catch { Write-Verbose "$_" }
  while ($Planted.Count -gt 16) { Remove-PlantedTemp $Planted.Dequeue() }
}

function Remove-PlantedTemp([string] $Path) { try { [System.IO.Directory]::Delete($Path, $true) } catch { Write-Verbose "$_" } }

# The list is being written meanwhile.
function Get-Told([string] $Names) { try { [System.IO.File]::ReadAllLines($Names) } catch { Write-Verbose "$_" } }

function Invoke-TempAttempts([string] $Directory) {
  Invoke-Attempt "put a library into $Directory" { if (-not (Test-Path -LiteralPath $Directory)) { throw 'it is gone' }; Write-Text "$Directory/version.dll" 'x' }
  Invoke-Attempt "exchange a library in $Directory" { [System.IO.File]::Open("$Directory/System.dll", 'Open', 'Write', 'ReadWrite').Dispose() }
  Invoke-Attempt "move $Directory away" { [System.IO.Directory]::Move($Directory, "$Directory.kt-verify") }
}

# --- files that people may read ----------------------------------------------------------------------------------------------

# C# of .NET Framework 4.8. A handle that is not shared, or one with a lock that is never given back: it stays until the process ends.
$HoldType = @'
using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KanadeVerify {
  public static class Held {
    const uint GenericRead = 0x80000000, ShareAll = 7, OpenExisting = 3;
    const uint OverlappedBackup = 0x42000000;
    const uint RequestBatch = 0x90008, RequestLease = 0x90240;
    const int Pending = 997;

    [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
    static extern SafeFileHandle CreateFileW(string path, uint access, uint share, IntPtr security, uint disposition, uint flags, IntPtr template);

    [DllImport("kernel32.dll", SetLastError = true)]
    static extern bool DeviceIoControl(SafeFileHandle file, uint code, IntPtr input, uint inputBytes, IntPtr output, uint outputBytes, IntPtr returned, IntPtr overlapped);

    static SafeFileHandle Open(string path, uint share) {
      SafeFileHandle file = CreateFileW(path.Replace('/', '\\'), GenericRead, share, IntPtr.Zero, OpenExisting, OverlappedBackup, IntPtr.Zero);
      if (file.IsInvalid) throw new Win32Exception(Marshal.GetLastWin32Error());
      return file;
    }

    public static SafeFileHandle Unshared(string path) { return Open(path, 0); }

    // Of a file whatever is opened breaks it, of a directory and of a file that others have open what would move or delete it.
    public static SafeFileHandle Locked(string path) {
      SafeFileHandle file = Open(path, ShareAll);
      int error = Request(file, Directory.Exists(path) ? RequestLease : RequestBatch);
      if (error != Pending && !Directory.Exists(path)) error = Request(file, RequestLease);
      if (error == Pending) return file;
      file.Dispose();
      throw new Win32Exception(error);
    }

    // Windows writes to this memory when the lock breaks: it is not given back.
    static int Request(SafeFileHandle file, uint code) {
      IntPtr memory = Marshal.AllocHGlobal(128);
      for (int at = 0; at < 128; at++) Marshal.WriteByte(memory, at, 0);
      IntPtr input = IntPtr.Add(memory, 64), output = IntPtr.Add(memory, 80);
      // REQUEST_OPLOCK_INPUT_BUFFER: version 1, 12 bytes, to read and to keep the handle, a new request.
      Marshal.WriteInt16(input, 0, 1);
      Marshal.WriteInt16(input, 2, 12);
      Marshal.WriteInt32(input, 4, 3);
      Marshal.WriteInt32(input, 8, 1);
      bool isLease = code == RequestLease;
      bool isOver = DeviceIoControl(file, code, isLease ? input : IntPtr.Zero, isLease ? 12u : 0u, isLease ? output : IntPtr.Zero, isLease ? 24u : 0u, IntPtr.Zero, memory);
      return isOver ? 0 : Marshal.GetLastWin32Error();
    }
  }
}
'@

function Get-Held([string] $Path, [string] $Way) {
  if ($null -eq ('KanadeVerify.Held' -as [type])) { Add-Type -TypeDefinition $HoldType }
  if ($Way -eq 'locked') { return [KanadeVerify.Held]::Locked($Path) }
  return [KanadeVerify.Held]::Unshared($Path)
}

# Until it is told to stop, or is ended; what it does not get it tries again. What it has got at first is told at once: who is ended
# says nothing any more.
function Attack-HoldFiles($In) {
  $held = @{}
  $results = @(foreach ($file in $In.files) { Invoke-Attempt "hold $file" { $held[$file] = Get-Held $file $In.way } })
  Write-Text "$($In.own)/held-$($In.start).json" (ConvertTo-Json -InputObject $results -Depth 3)
  Set-Holding $In $held
  Set-Begun
  while (-not (Test-Path -LiteralPath $In.stop)) {
    $count = $held.Count
    foreach ($file in $In.files) { if (-not $held.ContainsKey($file)) { try { $held[$file] = Get-Held $file $In.way } catch { Write-Verbose "$_" } } }
    if ($held.Count -ne $count) { Set-Holding $In $held }
    Start-Sleep -Milliseconds 100
  }
  foreach ($each in $held.Values) { $each.Dispose() }
  return $results
}

# For the check, which looks while he is there.
function Set-Holding($In, $Held) {
  Write-Text "$($In.own)/holding.json" (ConvertTo-Json @{ process = $PID; files = @($Held.Keys) })
}

# It holds nothing itself, so that nobody has a reason to end it; whoever ends its holder meets the next one.
function Attack-Holder($In) {
  $start = 0
  while (-not (Test-Path -LiteralPath $In.stop)) {
    $start++
    $where = "$($In.own)/holder-$start.json"
    $In | Add-Member -NotePropertyName 'start' -NotePropertyValue $start -Force
    Write-Text $where (ConvertTo-Json -InputObject $In -Depth 5)
    $holder = Start-Holder $where "$Said.holder"
    while (-not (Test-Path -LiteralPath "$Said.holder.begun") -and -not $holder.HasExited) { Start-Sleep -Milliseconds 50 }
    Set-Begun
    $holder.WaitForExit() | Out-Null
    if (-not (Test-Path -LiteralPath "$($In.own)/held-1.json")) { throw 'the holder has ended before it held anything' }
  }
  foreach ($result in ([System.IO.File]::ReadAllText("$($In.own)/held-1.json") | ConvertFrom-Json)) { $result }
  [pscustomobject] @{ name = 'start again'; outcome = $(if ($start -gt 1) { 'done' } else { 'error' }); detail = "$($start - 1) times" }
}

function Start-Holder([string] $Where, [string] $HolderSaid) {
  $program = [System.Diagnostics.Process]::GetCurrentProcess().MainModule.FileName
  $line = '-NoProfile -NonInteractive -ExecutionPolicy Bypass -File "{0}" -Attack HoldFiles -Where "{1}" -Said "{2}"' -f (Join-Path $PSScriptRoot 'attacks.ps1'), $Where, $HolderSaid
  $info = New-Object System.Diagnostics.ProcessStartInfo $program, $line
  $info.UseShellExecute = $false
  $info.CreateNoWindow = $true
  return [System.Diagnostics.Process]::Start($info)
}

# What people have to be able to read.
function Attack-ReadShown($In) {
  foreach ($file in $In.files) { Invoke-Attempt "read $file" { [System.IO.File]::Open($file, 'Open', 'Read', 'ReadWrite, Delete').Dispose() } }
}

# --- a directory on the PATH ---------------------------------------------------------------------------------------------------

# A program that says that it ran, and as whom.
function Attack-PlantShell($In) {
  Invoke-Attempt 'pwsh.exe' {
    New-Directory $In.directory
    $text = 'System.IO.File.AppendAllText(@"{0}", System.Environment.UserName);' -f $In.mark
    Add-Type -TypeDefinition "public static class Planted { public static void Main() { $text } }" -OutputAssembly "$($In.directory)/pwsh.exe" -OutputType ConsoleApplication
  }
}
