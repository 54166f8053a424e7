/** The parts that the checks are made of, with real programs, pipes and files where Linux has them. `check` is what is run. */
import { ATTACK_PART_CASES } from './attack-part-cases.ts';
import type { Case } from './cases.ts';
import { fails, inWorld, notInWorld, real } from './part-kinds.ts';

const CHECKS: readonly Case[] = [
  real(
    "$Work = 'mine'; $Name = 'own'; $Body = 'too'; Assert (Wait-Until { $Work + $Name + $Body -eq 'mineowntoo' } 1) 'hidden'; $Work",
    /^mine$/,
  ),
  // The old script's own name for its directory, in a block that is run by Invoke-Check.
  real("$Work = 'mine'; Invoke-Check 'x' { $Work }; $Verify.Results[0].detail", /^mine$/),
  real('$script:tries = 0; "$(Wait-Until { $script:tries++; $script:tries -eq 3 } 5 1) $script:tries"', /^True 3$/),
  real('"$(Wait-Until { $false } 0.05 10)"', /^False$/),
  { ...real('Skip "for a reason"', /^for a reason$/), result: 'SKIP' },
  {
    ...real('try { Skip "inside" } catch { throw [System.Exception]::new("outside", $_.Exception) }', /^outside$/),
    result: 'SKIP',
  },
  fails('throw [System.OperationCanceledException]::new("of a task")', /^of a task$/),
  fails("Assert $false 'otherwise'", /^otherwise$/),
  fails("Assert-Equal 1 2 'what'", /^what: '1', not '2'$/),
  real(
    '$order = [System.Collections.ArrayList]::new(); Add-Undo "a" { param($To) $To.Add("a") } (, $order); Add-Undo "b" { throw "b" }; Add-Undo "c" { param($To) $To.Add("c") } (, $order); Invoke-Undo; "$order; $($Verify.Results[0].check) $($Verify.Results[0].result)"',
    /^c a; undone: b FAIL$/,
  ),
  real(
    'try { Invoke-Undone { Add-Undo "x" { $Verify.Mark = "undone" }; throw "no" } } catch { $Verify.Mark }',
    /^undone$/,
  ),
  real(
    '"$(Get-Field ([pscustomobject] @{ a = 1 }) "a")$(Get-Field ([pscustomobject] @{ a = 1 }) "b")$(Get-Field $null "a")"',
    /^1$/,
  ),
  real('ConvertTo-Literal "O\'Neil"', /^'O''Neil'$/),
  real(
    'Write-Utf8 $Verify.Report ([string] [char] 0x65E5); [BitConverter]::ToString([System.IO.File]::ReadAllBytes($Verify.Report))',
    /^E6-97-A5$/,
  ),
];

const PROGRAMS: readonly Case[] = [
  real(
    "(Invoke-Native 'od' @('-An', '-tx1') ([char] 0x65E5 + [char]::ConvertFromUtf32(0x1F389))).out.Trim()",
    /^e6 97 a5 f0 9f 8e 89$/,
    '$global:OutputEncoding = [System.Text.Encoding]::ASCII',
  ),
  real(
    '$text = [char] 0x65E5 + [char]::ConvertFromUtf32(0x1F389); "$((Invoke-Native \'cat\' @() $text).out -eq $text)"',
    /^True$/,
  ),
  // Standard error is no error, also where errors end the script.
  real(
    "$ended = Invoke-Native 'sh' @('-c', 'echo out; echo err >&2; exit 3'); \"$($ended.code) $($ended.out.Trim()) $($ended.err.Trim())\"",
    /^3 out err$/,
  ),
  real("\"$((Invoke-Native 'true' @() ('x' * 1000000)).code)\"", /^0$/),
  fails("Invoke-Native 'sleep' @('100') '' 1", /^sleep does not end within 1 s$/),
  real("(Invoke-Must 'echo' @('a  b')).Trim()", /^a {2}b$/),
  fails("Invoke-Must 'sh' @('-c', 'echo why >&2; exit 4')", /^sh -c echo why >&2; exit 4: 4, {2}why$/),
  real(
    "(Invoke-Must 'printf' @('[%s]', 'a b', 'c\"d', 'e\\', 'f g\\', '', '\\\"')).Trim()",
    /^\[a b\]\[c"d\]\[e\\\]\[f g\\\]\[\]\[\\"\]$/,
  ),
  real('"$(Wait-Program (Start-Program \'sh\' \'-c "exit 5"\') 10)"', /^5$/),
  // Who is left behind by a program is not waited for.
  real('"$(Wait-Program (Start-Program \'sh\' \'-c "sleep 100 > /dev/null 2>&1 & exit 6"\') 10)"', /^6$/),
  fails("Wait-Program (Start-Program 'sleep' '100') 1", /does not end within 1 s/),
  real(
    'Start-Program "sh" "-c ""pwd > here""" $null $Verify.Work | ForEach-Object { Wait-Program $_ 10 } | Out-Null; (Get-Content (Join-Path $Verify.Work "here")) -eq $Verify.Work',
    /^True$/,
  ),
  real(
    'Initialize-Encoding; "$([Console]::InputEncoding.GetPreamble().Length) $([Console]::OutputEncoding.WebName) $($global:OutputEncoding.WebName)"; Invoke-Undo',
    /^0 utf-8 utf-8$/,
  ),
  real(
    '$global:OutputEncoding = [System.Text.Encoding]::ASCII; Initialize-Encoding; Invoke-Undo; $global:OutputEncoding.WebName',
    /^us-ascii$/,
  ),
  real(
    'New-Item -ItemType SymbolicLink -Path "$($Verify.Work)/link" -Value \'/nowhere\' | Out-Null; "$(Test-IsThere "$($Verify.Work)/link") $(Test-IsLink "$($Verify.Work)/link") $(Test-IsThere \'/nowhere\')"',
    /^True True False$/,
  ),
  real('Get-WindowsPowerShell', /Windows.System32.WindowsPowerShell.v1\.0.powershell\.exe$/),
  fails('Remove-Tree $Verify.Work', /can not be taken away/, 'function Invoke-Native { }'),
];

const sddl = (text: string) => `Get-Distrust '${text}'`;
const ACCESS: readonly Case[] = [
  real(sddl('O:BAG:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)'), /^$/),
  real(sddl('O:S-1-5-32-544G:SYD:PAI(A;;FA;;;S-1-5-18)S:AI(AU;SAFA;FW;;;WD)'), /^$/),
  real(sddl('O:S-1-5-21-1-2-3-1005G:SYD:(A;;FA;;;SY)'), /^belongs to S-1-5-21-1-2-3-1005$/),
  real(sddl('O:BAG:SY'), /^can be changed by WD$/),
  real(sddl('O:BAD:(A;;0x100116;;;AU)(A;;GW;;;BU)'), /^can be changed by AU, BU$/),
  real(sddl('O:BAD:(A;;CCDCLC;;;AU)'), /^can be changed by AU$/),
  real(sddl('O:BAD:(A;;ZZ;;;AU)'), /^can be changed by AU$/),
  real(sddl('O:BAD:(D;;FA;;;AU)(A;;FR;;;AU)(A;OICIIO;GA;;;CO)'), /^$/),
  real(sddl('O:BAD:(OA;;FA;x;;AU)'), /^can be changed by AU$/),
  real(
    "\"$((ConvertFrom-Sddl 'O:BAG:SYD:PAI(A;;FA;;;SY)').isProtected) $((ConvertFrom-Sddl 'O:BAG:SYD:AI(A;;FA;;;SY)').isProtected)\"",
    /^True False$/,
  ),
  real("@(Get-Others 'O:BAD:(A;;FA;;;BA)(A;;FR;;;S-1-5-21-5)' $AllRights) -join ','", /^S-1-5-21-5$/),
  real(
    '@(Get-RestartDelays ([byte[]] (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0x88, 0x13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))) -join ","',
    /^5000,-1$/,
  ),
];

const SETUP: readonly Case[] = [
  real(
    '@(Get-TreeProblems $Verify.Work $false).Count',
    /^0$/,
    "New-Item -ItemType Directory (Join-Path $Verify.Work 'a') | Out-Null; function Get-Sddl($Path) { if ($Path -like '*/a') { Remove-Item $Path; throw 'gone' }; 'O:BAD:(A;;FA;;;BA)' }",
  ),
  fails(
    'Get-TreeProblems $Verify.Work $false',
    /^locked$/,
    "New-Item -ItemType Directory (Join-Path $Verify.Work 'a') | Out-Null; function Get-Sddl($Path) { if ($Path -like '*/a') { throw 'locked' }; 'O:BAD:(A;;FA;;;BA)' }",
  ),
  real(
    "ConvertTo-SetupLine @('/D=C:\\Some Path', '/LOG=C:\\a b.log', '/CHECK=0')",
    /^\/S \/LOG="C:\\a b\.log" \/CHECK=0 \/D=C:\\Some Path$/,
  ),
  real('ConvertTo-SetupLine @()', /^\/S$/),
  inWorld(
    '"$(@(Get-Icons 2).Count) $(@(Get-Agents).Count) $(@(Get-Sessions).Count)"',
    /^1 1 1$/,
    "$World.processes += [pscustomobject] @{ Name = 'Kanade Tray.exe'; ProcessId = 900; ParentProcessId = @(Get-Icons 2)[0].ProcessId; SessionId = 2; ExecutablePath = @(Get-Icons 2)[0].ExecutablePath; CommandLine = '' }",
  ),
  inWorld(
    'Remove-Product; "$(@(Get-ChildItem $env:ProgramData -Filter Kanade*).Count)"',
    /^0$/,
    'New-Text "$($Verify.Kanade).not-trusted-7/x" "x"',
  ),
  notInWorld('Remove-Product', /does not end/, "$World.services['KanadeTraySetup'] = 'Manual'"),
  inWorld('Remove-World "/PURGE=1" | Out-Null; Confirm-Installed; Get-Version', /^0\.1\.0$/),
  inWorld(
    "Remove-ItemProperty 'HKLM:x' 'y'; Set-Lockdown; $Verify.Undo.Clear(); Remove-Leftovers; \"$(Get-RegistryValue $Verify.EnvironmentKey $LockdownName)\"",
    /^$/,
    "$World.registry['HKLM:x'] = @{}",
  ),
  inWorld(
    'Remove-Leftovers; Get-RegistryValue $Verify.EnvironmentKey $LockdownName',
    /^8$/,
    "$World.registry[$Verify.EnvironmentKey] = @{ __PSLockdownPolicy = '8' }",
  ),
  inWorld(
    'Remove-Leftovers; "$($World.tasks.Count) $(@(Get-ChildItem $env:ProgramFiles -Filter kanade-verify-* | Where-Object Name -ne \'kanade-verify-state\').Count)"',
    /^0 0$/,
    "$World.tasks['kanade-verify-1'] = @{}",
  ),
];

const PERSON: readonly Case[] = [
  inWorld(
    '$made = New-Person; Invoke-Undo; "$($made.sid) $(Test-Path -LiteralPath $made.own) $($World.person) $($World.profile)"',
    /^S-1-5-21-1-2-3-1005 True False False$/,
  ),
  inWorld(
    'New-Person | Out-Null; Invoke-Undo; "$script:deleted"',
    /^2$/,
    '$World.person = $true; $script:deleted = 0; function Remove-Person { $script:deleted++; $World.person = $false }',
  ),
  notInWorld('New-Person', /^net user: 2 too short$/, "function Invoke-Native { New-Ended 2 '' 'too short' }"),
  notInWorld(
    'Remove-Person',
    /profile of kt-verify is still there/,
    '$World.person = $true; $World.profile = $true; function Invoke-Native { New-Ended 0 }; function Remove-CimInstance { process { } }',
  ),
  inWorld(
    "Get-AttackLine 'Files' (Get-AttackPaths 'Files' '/own dir')",
    /-ExecutionPolicy Bypass -File ".*attacks\.ps1" -Attack Files -Where "\/own dir.Files\.where\.json" -Said "\/own dir.Files\.said\.json"$/,
  ),
  inWorld(
    "Assert-Refused @(@{ name = 'a'; outcome = 'refused'; detail = '' }, @{ name = 'b'; outcome = 'error'; detail = 'why' })",
    /^1 refused; could not be tried: b \(why\)$/,
  ),
  notInWorld("Start-Attack 'HoldNames' | Out-Null; Invoke-Undo", /has not begun/, 'function Start-AttackOfWorld { }'),
  notInWorld("Invoke-Undone { Invoke-AsSystem 'x.exe' '' 1 }", /task does not end/, 'function Start-ScheduledTask { }'),
];

const FLEET: readonly Case[] = [
  real(
    "$listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0); $listener.Start(); $port = $listener.LocalEndpoint.Port; $open = Test-Port '127.0.0.1' $port; $listener.Stop(); \"$open $(Test-Port '127.0.0.1' $port)\"",
    /^True False$/,
  ),
  fails(
    "Start-Broker '/tmp'",
    /ended at once; is port 4222 free/,
    "$Verify.NatsServer = 'x'; function Start-Program { $p = [pscustomobject] @{ HasExited = $true }; $p }; function Test-Port { $false }",
  ),
  { ...real("Send-ItCommand 'cmd' 'x'", /no -Nats/, "$Verify.Nats = ''"), result: 'SKIP' },
  fails("Send-ItCommand 'cmd' 'echo {{ID}}'", /can not be sent/),
  fails(
    "Get-Newest 'RESULTS' 'results.x'",
    /nats stream get RESULTS: no responders/,
    "function Invoke-Native { [pscustomobject] @{ code = 1; out = ''; err = 'no responders' } }",
  ),
  fails(
    'Initialize-Fleet',
    /nats stream add INVENTORY .*: 1, refused/,
    "function Invoke-Native { [pscustomobject] @{ code = 1; out = ''; err = 'refused' } }",
  ),
  real(
    'Initialize-Fleet; "$script:made"',
    /^0$/,
    "$script:made = 0; function Invoke-Native($P, $A) { if ($A -contains 'add') { $script:made++ }; [pscustomobject] @{ code = 0; out = ''; err = '' } }",
  ),
  inWorld('Initialize-Fleet; "made"', /^made$/),
  inWorld(
    "(Get-Newest 'RESULTS' 'results.y').stdout",
    /^日本$/,
    '$World.messages[\'results.y\'] = \'{"stdout":"日本"}\'',
  ),
  real(
    "$name = 'kt-' + [guid]::NewGuid().ToString('N'); $server = [System.IO.Pipes.NamedPipeServerStream]::new($name, 'InOut', -1, 'Byte', 'Asynchronous'); $client = Open-Pipe '.' $name; $server.WaitForConnection(); $server.Write([byte[]] (5, 0, 0, 0, 104, 101, 108, 108, 111), 0, 9); $text = Read-Frame $client; $server.Dispose(); \"$text|$(Read-Frame $client)\"; $client.Dispose()",
    /^hello\|$/,
  ),
  fails("Open-Pipe '.' ('kt-' + [guid]::NewGuid()) 50", /timed out|timeout/i),
  real("New-PipeInstance ('kt-' + [guid]::NewGuid().ToString('N')); 'made'", /^made$/),
];

const blocker = (setUp: string, must: RegExp) =>
  inWorld('Get-Blocker', must, `Remove-World '/PURGE=1' | Out-Null; ${setUp}`);
const RUN: readonly Case[] = [
  blocker('', /^$/),
  blocker('$World.administrator = $false', /elevated/),
  blocker("$Verify.Installer = ''", /-Installer/),
  blocker("$Verify.NextInstaller = '/nowhere'", /-NextInstaller: \/nowhere is not there/),
  blocker("$Verify.Nats = 'nats-nowhere'", /-Nats: nats-nowhere is not there/),
  blocker("$Verify.NatsServer = $Verify.Installer; $Verify.NatsUrl = 'nats://elsewhere:4222'", /names another PC/),
  blocker("$World.services['KanadeAgent'] = 'Automatic'", /original agent/),
  blocker("Install-World $Verify.Installer '' | Out-Null", /is installed here/),
  blocker("New-Text (Join-Path $Verify.Kanade 'x') 'x'", /is there, and this would take it away/),
  blocker("$Verify.Stage = 'AfterRestart'", /no -Stage BeforeRestart/),
  blocker("$Verify.Skip = @{ 'Test-Nothing' = 'why' }", /-Skip names what is no check: Test-Nothing/),
  inWorld(
    "$Verify.Skip = @{ 'Test-Theme' = 'no taskbar' }; Invoke-List ([ordered] @{ one = 'Test-Theme'; two = 'Test-ServiceSettings' }); @($Verify.Results | ForEach-Object { $_.check + ' ' + $_.result + ' ' + $_.detail }) -join ','",
    /^one SKIP no taskbar,two PASS $/,
  ),
  inWorld("function Get-CimInstance { throw 'Not available' }; (Get-Report).windows", /\d/),
  inWorld(
    "$Verify.Stage = 'BeforeRestart'; @((Get-Checks).Values) -join ','",
    /^Test-RemovalBeforeRestart,Test-ScriptBeforeRestart$/,
  ),
  inWorld(
    "$Verify.KeepInstalled = $true; Invoke-List ([ordered] @{ one = 'Test-Purge'; two = 'Test-Theme' }); @($Verify.Results | ForEach-Object { $_.check + ' ' + $_.result }) -join ','",
    /^one SKIP,two PASS$/,
  ),
];

export const PART_CASES: readonly Case[] = [
  ...ATTACK_PART_CASES,
  ...CHECKS,
  ...PROGRAMS,
  ...ACCESS,
  ...SETUP,
  ...PERSON,
  ...FLEET,
  ...RUN,
];
