# What a Windows has and wine has not, for the whole of verify-windows.ps1 on the real product there. Each function has the name of what
# it stands for, and is found before it. They tell what is so; none of them makes a check easier.

# CIM's library for Windows may not be passed on. Command line and parent stand in the process itself.
Add-Type -TypeDefinition @'
using System;
using System.Runtime.InteropServices;
using System.Text;

public static class ProcessParameters {
  [StructLayout(LayoutKind.Sequential)]
  struct Basic { public IntPtr Exit, Peb, Affinity, Priority, Id, Parent; }

  [DllImport("ntdll.dll")]
  static extern int NtQueryInformationProcess(IntPtr process, int kind, ref Basic into, int size, IntPtr needed);
  [DllImport("kernel32.dll")]
  static extern bool ReadProcessMemory(IntPtr process, IntPtr at, byte[] into, IntPtr size, out IntPtr read);
  [DllImport("kernel32.dll")]
  static extern IntPtr OpenProcess(int access, bool inherit, int id);
  [DllImport("kernel32.dll")]
  static extern bool CloseHandle(IntPtr handle);

  // Parent, program, command line; null: it is gone, or nobody may look.
  public static string[] Of(int id) {
    IntPtr process = OpenProcess(0x0410, false, id);
    if (process == IntPtr.Zero) return null;
    try {
      Basic basic = new Basic();
      if (NtQueryInformationProcess(process, 0, ref basic, Marshal.SizeOf(typeof(Basic)), IntPtr.Zero) != 0) return null;
      long parameters = BitConverter.ToInt64(Read(process, basic.Peb.ToInt64() + 0x20, 8), 0);
      return new string[] { basic.Parent.ToString(), Text(process, parameters + 0x60), Text(process, parameters + 0x70) };
    } catch (InvalidOperationException) {
      return null;
    } finally {
      CloseHandle(process);
    }
  }

  static string Text(IntPtr process, long at) {
    byte[] head = Read(process, at, 16);
    int bytes = BitConverter.ToUInt16(head, 0);
    return bytes == 0 ? "" : Encoding.Unicode.GetString(Read(process, BitConverter.ToInt64(head, 8), bytes));
  }

  static byte[] Read(IntPtr process, long at, int size) {
    byte[] into = new byte[size];
    IntPtr read;
    if (!ReadProcessMemory(process, new IntPtr(at), into, new IntPtr(size), out read) || read.ToInt64() != size) throw new InvalidOperationException();
    return into;
  }
}
'@

function Get-CimProcesses {
  foreach ($process in [System.Diagnostics.Process]::GetProcesses()) {
    $told = [ProcessParameters]::Of($process.Id)
    if ($null -eq $told) { continue }
    $name = [System.IO.Path]::GetFileName($told[1])
    [pscustomobject] @{
      Name = $name; ProcessId = $process.Id; ParentProcessId = [int] $told[0]; SessionId = $process.SessionId
      ExecutablePath = ($told[1] -replace '^\\\?\?\\', ''); CommandLine = $told[2]
    }
  }
}

$StartModes = @{ 2 = 'Auto'; 3 = 'Manual'; 4 = 'Disabled' }

function Get-CimService([string] $Name) {
  $stored = Get-ItemProperty -LiteralPath "HKLM:\SYSTEM\CurrentControlSet\Services\$Name" -ErrorAction SilentlyContinue
  $service = Microsoft.PowerShell.Management\Get-Service -Name $Name -ErrorAction SilentlyContinue
  if ($null -eq $stored -or $null -eq $service) { return }
  [pscustomobject] @{
    Name = $Name; State = "$($service.Status)"; StartMode = $StartModes[[int] $stored.Start]; StartName = $stored.ObjectName; PathName = $stored.ImagePath
  }
}

$BootTime = [DateTime]::Now.AddMilliseconds(-[Environment]::TickCount64)

function Get-CimInstance([string] $ClassName, [string] $Filter = '') {
  $name = if ($Filter -match "\bName='(.*?)'") { $Matches[1] } else { $null }
  switch ($ClassName) {
    'Win32_Process' { return Get-CimProcesses | Where-Object { $null -eq $name -or $_.Name -eq $name } }
    'Win32_Service' { return Get-CimService $name }
    'Win32_OperatingSystem' { return [pscustomobject] @{ Caption = 'wine'; Version = [Environment]::OSVersion.Version.ToString(); LastBootUpTime = $BootTime } }
    # It has no accounts but the one.
    'Win32_UserAccount' { return }
    'Win32_UserProfile' { return }
  }
  throw "no stand-in for $ClassName"
}

function Invoke-CimMethod($InputObject, [string] $MethodName) {
  return [pscustomobject] @{ Sid = $OwnSid }
}

# --- access: whoever runs wine owns all of it, in the place of SYSTEM ---------------------------------------------------------

$OwnSid = [System.Security.Principal.WindowsIdentity]::GetCurrent().User.Value

function Get-Acl([string] $LiteralPath) {
  $sddl = (Microsoft.PowerShell.Security\Get-Acl -LiteralPath $LiteralPath).Sddl
  return [pscustomobject] @{ Sddl = $sddl.Replace($OwnSid, 'SY') }
}

# --- the scheduler: a task runs at once, and as the one account that there is -----------------------------------------------

$Tasks = @{}
function New-ScheduledTaskAction([string] $Execute, [string] $Argument) { return @{ program = $Execute; line = $Argument } }
function New-ScheduledTaskSettingsSet([switch] $AllowStartIfOnBatteries, [switch] $DontStopIfGoingOnBatteries) { return $null }
function New-ScheduledTaskPrincipal([string] $UserId, [string] $LogonType, [string] $RunLevel) { return $UserId }
function Register-ScheduledTask([string] $TaskName, $Action, $Principal, $Settings) { $Tasks[$TaskName] = @{ action = $Action; process = $null } }
function Start-ScheduledTask([string] $TaskName) {
  $info = New-Object System.Diagnostics.ProcessStartInfo $Tasks[$TaskName].action.program, $Tasks[$TaskName].action.line
  $info.UseShellExecute = $false
  $info.CreateNoWindow = $true
  $Tasks[$TaskName].process = [System.Diagnostics.Process]::Start($info)
}
function Get-ScheduledTaskInfo([string] $TaskName) {
  $process = $Tasks[$TaskName].process
  $result = if ($null -eq $process) { 0x41303 } elseif (-not $process.HasExited) { 0x41301 } else { $process.ExitCode }
  return [pscustomobject] @{ LastTaskResult = $result }
}
function Get-ScheduledTask([string] $TaskName) {
  return @($Tasks.Keys | Where-Object { $_ -like $TaskName } | ForEach-Object { [pscustomobject] @{ TaskName = $_ } })
}
function Unregister-ScheduledTask([string] $TaskName, [switch] $Confirm) { $Tasks.Remove($TaskName) }
