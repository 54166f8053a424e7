# The icon, sessions, and the two tokens of an administrator.

function Assert-Desktop { if ((Get-OwnSession) -eq 0) { Skip 'this is session 0, which has no desktop' } else { Get-OwnSessionOwner | Out-Null } }

function Test-IconInSession {
  Assert-Desktop
  Assert (Wait-Until { @(Get-Icons (Get-OwnSession)).Count -eq 1 } 60) "$(@(Get-Icons (Get-OwnSession)).Count) after a minute"
}

function Test-IconReturns {
  Assert-Desktop
  $own = Get-OwnSession
  $before = @(Get-Icons $own | ForEach-Object { $_.ProcessId })
  Assert ($before.Count -gt 0) 'there is none'
  foreach ($id in $before) { Stop-Process -Id $id -Force -ErrorAction SilentlyContinue }
  Assert (Wait-Until { @(Get-Icons $own | Where-Object { $_.ProcessId -notin $before }).Count -eq 1 } 75) 'it is not back within 75 s'
}

function Assert-Interactive { if (-not $Verify.Interactive) { Skip 'only with -Interactive' } }

function Test-SleepAndResume {
  Assert-Interactive
  Assert-Fleet
  Read-Host 'Put the PC to sleep, wake it up, sign in, and press Enter' | Out-Null
  Assert-Equal (Invoke-ItCommand 'cmd' 'echo awake').exit_code 0 'exit code'
}

function Test-ExplorerRestart {
  Assert-Interactive
  Assert-Desktop
  Get-Process -Name explorer | Where-Object { $_.SessionId -eq (Get-OwnSession) } | Stop-Process -Force
  Assert-Equal (Read-Host 'Is there exactly one icon of Kanade Tray after a few seconds? (y/n)') 'y' 'answer'
}

function Test-Theme {
  Assert-Interactive
  Assert-Equal (Read-Host 'Switch between light and dark: is the icon readable in both? (y/n)') 'y' 'answer'
}

function Test-ClosedIcon {
  Assert-Interactive
  Assert-Desktop
  Read-Host 'Close the icon by its menu, wait two minutes, and press Enter' | Out-Null
  Assert-Equal @(Get-Icons (Get-OwnSession)).Count 0 'icons'
}

function Test-TwoSessions {
  if ($Verify.Interactive -and @(Get-Sessions).Count -lt 2) { Read-Host 'Sign somebody else in beside you (Start, your picture), come back, and press Enter' | Out-Null }
  $sessions = @(Get-Sessions)
  if ($sessions.Count -lt 2) { Skip 'one person is signed in; sign another one in as well, or use -Interactive' }
  foreach ($each in $sessions) {
    Assert (Wait-Until { @(Get-Icons $each.session).Count -eq 1 } 60) "$(@(Get-Icons $each.session).Count) icons in session $($each.session)"
    Assert-Endpoint $each.sid
  }
  $addresses = @($sessions | ForEach-Object { $_.sid } | Sort-Object -Unique | ForEach-Object { (Get-Endpoint $_).address })
  Assert-Equal @($addresses | Sort-Object -Unique).Count $addresses.Count 'different pipes of the accounts'
  return "$($sessions.Count) sessions"
}

# The elevated token is this prompt's; the filtered one is what the same person starts without "Run as administrator".
function Test-FilteredToken {
  $sid = Get-OwnSid
  Invoke-Undone {
    $extra = @{ sid = $sid; pipe = (Get-PipeOf (Get-OwnSessionOwner)); administratorsPipe = (Get-PipeOf 'S-1-5-32-544') }
    $results = @(Invoke-FilteredAttack 'Filtered' $extra)
    $may = @('read the own endpoint', 'connect to the own pipe')
    Assert-Done $results $may
    Assert-Refused @($results | Where-Object { $_.name -notin $may })
  }
}
