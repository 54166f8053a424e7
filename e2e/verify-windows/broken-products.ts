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
  return { name, check, breaks: `Edit-Agent ${quoted(from)} ${quoted(to)}`, mends: 'Restore-Agent', must };
};

const SERVICE = 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\$($Verify.Service)';
const serviceValue = (name: string, value: string) =>
  `Set-ItemProperty -LiteralPath "${SERVICE}" -Name '${name}' -Value ${value}`;
/** A program that does nothing with what the product's own would. */
const NOTHING = "(Get-SystemProgram 'hostname.exe')";

export const BROKEN: readonly Broken[] = [
  {
    name: 'the service does not start with Windows',
    check: 'Test-ServiceSettings',
    breaks: serviceValue('Start', '3'),
    mends: serviceValue('Start', '2'),
    must: /start: 'Manual', not 'Auto'/,
  },
  {
    name: 'the service is another program',
    check: 'Test-ServiceSettings',
    breaks: `$Verify.SoundPath = Get-RegistryValue "${SERVICE}" 'ImagePath'; ${serviceValue('ImagePath', "'C:\\somebody.exe'")}`,
    mends: serviceValue('ImagePath', '$Verify.SoundPath'),
    must: /program: 'C:\\somebody\.exe'/,
  },
  {
    name: 'the key of the policies is gone',
    check: 'Test-KeyAccess',
    breaks: 'Remove-Item -LiteralPath $Verify.PolicyKey -Recurse',
    mends: REPAIR,
    must: /is not there: whoever makes it first owns it/,
  },
  {
    name: 'everybody reads the secrets',
    check: 'Test-KeyAccess',
    breaks: `$key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey('SOFTWARE\\kanade\\agent', 'ReadWriteSubTree', 'FullControl')
      $access = [System.Security.AccessControl.RegistrySecurity]::new()
      $access.SetSecurityDescriptorSddlForm('D:P(A;CI;KA;;;SY)(A;CI;KA;;;BA)(A;CI;KR;;;WD)', 'Access')
      $key.SetAccessControl($access)`,
    mends: REPAIR,
    // The first of what is wrong: .NET under wine changes its owner with it.
    must: /kanade\\agent (belongs to|can be)/,
  },
  {
    name: 'everybody changes the programs',
    check: 'Test-ProgramAccess',
    breaks: "Set-UnixMode '0777' { @(Get-TreeProblems $Verify.Root $false).Count -gt 0 }",
    // A repair ends with 3: it trusts nothing that it finds there.
    mends: "Set-UnixMode '0700' { @(Get-TreeProblems $Verify.Root $false).Count -eq 0 }",
    must: /can be changed by WD/,
  },
  {
    name: 'an endpoint is missing',
    check: 'Test-IdleConnections',
    breaks: "Remove-Item -LiteralPath (Join-Path $Verify.Data 'ipc\\S-1-5-32-544\\endpoint.json')",
    mends: 'Restart-Agent',
    must: /S-1-5-32-544 has no endpoint/,
  },
  edited(
    'text in another encoding',
    'Test-PowerShellText',
    '[Text.UTF8Encoding]',
    '[Text.ASCIIEncoding]',
    /output: '\?/,
  ),
  edited('exit codes are lost', 'Test-PowerShellExitCodes', 'code: code | 0', 'code: 0', /exit 42: '0', not '42'/),
  edited(
    'errors are no failures',
    'Test-PowerShellExitCodes',
    '{exit 1}else{',
    '{exit 0}else{',
    /a failed last statement: '0', not '1'/,
  ),
  edited('cmd runs something else', 'Test-CmdCodePage', '"/C",', '"/C", "exit 9&",', /exit code: '9', not '0'/),
  edited(
    'a time-out does not say so',
    'Test-Timeout',
    'timeout after ${',
    'ended after ${',
    /it says: ended after 20s/,
  ),
  {
    name: 'a set-up that repairs nothing',
    check: 'Test-Repair',
    breaks: `$Verify.SoundInstaller = $Verify.Installer; $Verify.Installer = ${NOTHING}`,
    mends: `$Verify.Installer = $Verify.SoundInstaller; ${REPAIR}`,
    must: /exit code|digest of the damaged file/,
  },
  {
    name: 'an uninstall.exe that looks at nothing',
    check: 'Test-ForeignUninstaller',
    breaks: `Confirm-Installed; Copy-Item -LiteralPath ${NOTHING} -Destination (Get-Uninstaller)`,
    mends: REPAIR,
    must: /exit code of a copy/,
  },
  {
    name: 'an uninstaller that does nothing',
    check: 'Test-Removal',
    breaks: `Confirm-Installed; Copy-Item -LiteralPath ${NOTHING} -Destination (Get-Uninstaller)`,
    mends: REPAIR,
    must: /exit code|the service is still there/,
  },
];
