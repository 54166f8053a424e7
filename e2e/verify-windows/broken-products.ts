/** Ways in which the real product is broken under wine, each with the check that is for it and what it must say. */

export interface Broken {
  readonly name: string;
  readonly check: string;
  /** PowerShell, on the installed product. */
  readonly breaks: string;
  readonly mends: string;
  readonly must: RegExp;
}

const REPAIR =
  "Assert-Equal (Invoke-Setup $Verify.Installer) 0 'exit code of the repair'; Assert (Wait-Until { Test-AgentRuns } 60) 'the agent does not run'";

/** One text of the agent's program is another one. */
const edited = (name: string, check: string, from: string, to: string, must: RegExp): Broken => {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return { name, check, breaks: `Edit-Agent ${quoted(from)} ${quoted(to)}`, mends: REPAIR, must };
};

const SERVICE = 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\$($Verify.Service)';

export const BROKEN: readonly Broken[] = [
  {
    name: 'the service does not start with Windows',
    check: 'Test-ServiceSettings',
    breaks: "Invoke-Must (Get-SystemProgram 'sc.exe') @('config', $Verify.Service, 'start=', 'demand')",
    mends: "Invoke-Must (Get-SystemProgram 'sc.exe') @('config', $Verify.Service, 'start=', 'auto')",
    must: /start: 'Manual', not 'Auto'/,
  },
  {
    name: 'nobody starts it again after a failure',
    check: 'Test-ServiceRecovery',
    breaks: `$global:stored = Get-RegistryValue "${SERVICE}" 'FailureActions'; Remove-ItemProperty -LiteralPath "${SERVICE}" -Name 'FailureActions'`,
    mends: `New-ItemProperty -LiteralPath "${SERVICE}" -Name 'FailureActions' -Value ([byte[]] $global:stored)`,
    must: /it is not restarted/,
  },
  {
    name: 'the key of the policies is gone',
    check: 'Test-KeyAccess',
    breaks: 'Remove-Item -LiteralPath $Verify.PolicyKey -Recurse',
    mends: REPAIR,
    must: /is not there: whoever makes it first owns it/,
  },
  {
    name: 'the Start menu has no entry',
    check: 'Test-StartMenu',
    breaks:
      "Remove-Item -LiteralPath (Join-Path $env:ProgramData 'Microsoft\\Windows\\Start Menu\\Programs\\Kanade Tray.lnk')",
    mends: REPAIR,
    must: /there is none/,
  },
  edited(
    'text in another encoding',
    'Test-PowerShellText',
    '[Text.UTF8Encoding]',
    '[Text.ASCIIEncoding]',
    /output: '\?/,
  ),
  edited('errors are no failures', 'Test-PowerShellExitCodes', '{exit 1}else{', '{exit 0}else{', /an error: '0'/),
  edited(
    'what a script has started goes on',
    'Test-Timeout',
    'TerminateJobObject(this.',
    'GetLastError(this.',
    /goes on/,
  ),
  edited('a batch file has other lines', 'Test-CmdText', '`chcp 65001', '`exit 3\\r\\nchcp 65001', /exit code: '3'/),
  {
    name: 'a pipe without its file',
    check: 'Test-Endpoints',
    breaks: "Remove-Item -LiteralPath (Join-Path $Verify.Data 'ipc\\S-1-5-32-544\\endpoint.json')",
    mends: 'Restart-Agent',
    must: /S-1-5-32-544 has no endpoint/,
  },
  {
    name: 'a set-up that repairs nothing',
    check: 'Test-Repair',
    breaks: "$global:sound = $Verify.Installer; $Verify.Installer = Get-SystemProgram 'hostname.exe'",
    mends: `$Verify.Installer = $global:sound; ${REPAIR}`,
    must: /digest of the damaged file/,
  },
  {
    name: 'an uninstaller that does nothing',
    check: 'Test-Removal',
    breaks: "Copy-Item -LiteralPath (Get-SystemProgram 'hostname.exe') -Destination (Get-Uninstaller)",
    mends: REPAIR,
    must: /the service is still there/,
  },
];
