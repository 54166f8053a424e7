# A fleet for stand-ins.ps1: the nats command line, its broker, and an agent that does what a correct one does.

function Invoke-NatsOfWorld([string[]] $Words, [string] $Text) {
  switch -Wildcard ($Words -join ' ') {
    'pub commands.pc.*' {
      $command = $Text | ConvertFrom-Json
      $World.sent[$command.request_id] = $command
      Start-ScriptOfWorld $command
      return New-Ended 0
    }
    'stream get * --last-for *' {
      $subject = $Words[4]
      if ($subject -match '^results\.(.*)$' -and $World.sent.ContainsKey($Matches[1])) { Complete-ScriptOfWorld $World.sent[$Matches[1]] }
      if (-not $World.messages.ContainsKey($subject)) { return New-Ended 1 '' 'nats: error: no message found (10037)' }
      $data = [Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes($World.messages[$subject]))
      return New-Ended 0 "{`"seq`":1,`"data`":`"$data`"}"
    }
    'stream subjects RESULTS --json' {
      $counts = @{}
      foreach ($subject in $World.messages.Keys) { $counts[$subject] = $(if ($World.twice) { 2 } else { 1 }) }
      return New-Ended 0 ($counts | ConvertTo-Json)
    }
    'stream purge *' { $World.messages.Remove("inventory.$($Verify.PcId).hw"); return New-Ended 0 }
    'stream info *' { return New-Ended 1 }
    'kv info *' { return New-Ended 1 }
    '* add *' { return New-Ended 0 }
  }
  throw "no stand-in for nats $($Words -join ' ')"
}

# What happens before there is a result.
function Start-ScriptOfWorld($Command) {
  if ($Command.script -match "Add-Content -LiteralPath '(.*?)' -Value begun") {
    New-Text $Matches[1] "begun`n"
    $World.awake = $true
  }
  if ($Command.script -match 'Start-Sleep 300 # (verify-\w+)') { Add-Process 'powershell.exe' '' "Start-Sleep 300 # $($Matches[1])" 0 }
  if ($Command.script -match '^"(.*?)" /S (.*)/LOG="(.*)"$') {
    $program, $line, $log = $Matches[1], $Matches[2], $Matches[3]
    $code = Start-OfWorld $program $line
    New-Text $log "handed over to the service`nends with $code after 1 s`n"
  }
}

function Complete-ScriptOfWorld($Command) {
  $subject = "results.$($Command.request_id)"
  if ($World.messages.ContainsKey($subject)) { return }
  $answer = & $World.answer $Command
  if ($null -eq $answer) { return }
  if (-not $World.leavesAwake) { $World.awake = $false }
  if (-not $World.leavesTree) { $World.processes = @($World.processes | Where-Object { $_.Name -ne 'powershell.exe' }) }
  $World.messages[$subject] = $answer | ConvertTo-Json
}

function New-Answer([int] $Code, [string] $Out = '', [string] $Err = '') { return @{ exit_code = $Code; stdout = $Out; stderr = $Err } }

function Get-CorrectAnswer($Command) {
  $text = $Command.script
  if ($Command.shell -eq 'pwsh') { return New-Answer 127 '' "the shell is not there but where others could have put it ($(Get-PlantedPath)/pwsh.exe)" }
  if ($text -eq 'echo %PATH%') { return New-Answer 0 "$(Get-StoredPath)`r`n" }
  if ($text -match 'User\.Value') {
    $who = if ($Command.run_as -eq 'user') { $Accounts.signedIn } else { 'S-1-5-18' }
    return New-Answer 0 "$who|$(if ($Command.run_as -eq 'system') { 0 } else { $World.session })`r`n"
  }
  if ($text -match "Write-Output '(.*)'\n") { return New-Answer 0 "$($Matches[1])`r`nsecond`r`n" }
  if ($text -match "^'x+'\.Length") { return New-Answer 0 "300000`r`n" }
  if ($text -match 'LanguageMode') {
    $locked = $null -ne (Get-RegistryValue $Verify.EnvironmentKey '__PSLockdownPolicy')
    return New-Answer 0 $(if ($locked) { 'ConstrainedLanguage' } else { 'FullLanguage' })
  }
  if ($text -match '^if exist') { return New-Answer 0 "`"it is there`"`r`n" }
  if ($text -match 'goto last') { return New-Answer 7 "line 1`r`nline 2`r`n$([char] 0x65E5)$([char] 0x672C) $([char] 0x2713)`r`n" }
  if ($text -match '^exit 42') { return New-Answer 42 }
  if ($text -match 'exit 7') { return New-Answer 7 }
  if ($text -match '^throw|kt-verify-nowhere') { return New-Answer 1 }
  if ($text -match 'Start-Sleep 300') { return New-Answer -1 '' 'timeout after 20s' }
  if ($text -match 'begun') { return New-Answer 0 "done`r`n" }
  if ($text -match 'chcp') { return New-Answer 0 "Active code page: 932`r`n" }
  return New-Answer 0
}
