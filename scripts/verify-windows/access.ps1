# Who may change a file, a directory or a registry key, by its descriptor as text (SDDL), which says the same in every language of
# Windows. Invariant: what can't be understood of an access list counts as a right of everybody.

$TrustedSids = @(
  'SY', 'S-1-5-18', 'BA', 'S-1-5-32-544',
  # Whoever owns it is checked by itself.
  'OW', 'S-1-3-4',
  # TrustedInstaller
  'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'
)

$RightsByName = @{
  CC = 0x1L; DC = 0x2L; LC = 0x4L; SW = 0x8L; RP = 0x10L; WP = 0x20L; DT = 0x40L; LO = 0x80L; CR = 0x100L
  SD = 0x10000L; RC = 0x20000L; WD = 0x40000L; WO = 0x80000L
  GA = 0x10000000L; GX = 0x20000000L; GW = 0x40000000L; GR = 0x80000000L
  FA = 0x1F01FFL; FR = 0x120089L; FW = 0x120116L; FX = 0x1200A0L
  KA = 0xF003FL; KR = 0x20019L; KW = 0x20006L; KX = 0x20019L
}
$AllRights = 0xFFFFFFFFL
# Write, append, write attributes, delete (also what is in it), change who may, and the generic ones.
$ChangesFile = 0x500D0156L
# Set a value, make or link a key below, delete, change who may, and the generic ones.
$ChangesKey = 0x500D0026L

function ConvertTo-Mask([string] $Rights) {
  if ($Rights -match '^0x([0-9a-fA-F]{1,8})$') { return [Convert]::ToInt64($Matches[1], 16) }
  if ($Rights -notmatch '^([A-Z]{2})+$') { return $AllRights }
  $mask = 0L
  foreach ($pair in [regex]::Matches($Rights, '..')) {
    if (-not $RightsByName.ContainsKey($pair.Value)) { return $AllRights }
    $mask = $mask -bor $RightsByName[$pair.Value]
  }
  return $mask
}

# Owner, whether it is protected, and who is allowed or denied what on the thing itself.
function ConvertFrom-Sddl([string] $Sddl) {
  $owner = if ($Sddl -match '^O:(S-1-[0-9-]+|[A-Z]{2})') { $Matches[1] } else { '' }
  $everybody = @([pscustomobject] @{ type = 'A'; sid = 'WD'; rights = $AllRights })
  $read = [pscustomobject] @{ owner = $owner; isProtected = $false; entries = $everybody }
  if ($Sddl -notmatch 'D:(?<flags>[A-Z_]*)(?<entries>(\([^()]*\))*)(S:|$)') { return $read }
  $flags = $Matches['flags']
  if ($flags -match 'NO_ACCESS_CONTROL') { return $read }
  $read.isProtected = $flags.StartsWith('P')
  $text = $Matches['entries']
  $read.entries = @(foreach ($match in [regex]::Matches($text, '\(([^()]*)\)')) {
      $parts = $match.Groups[1].Value -split ';'
      if ($parts.Count -lt 6) { $everybody[0]; continue }
      # For what will be put into it only.
      if ($parts[1] -match 'IO') { continue }
      $type = if ($parts[0] -eq 'A' -or $parts[0] -eq 'D') { $parts[0] } else { 'A' }
      [pscustomobject] @{ type = $type; sid = $parts[5]; rights = (ConvertTo-Mask $parts[2]) }
    })
  return $read
}

# The SIDs beside administrators that are allowed any of these rights.
function Get-Others([string] $Sddl, [long] $Rights) {
  $entries = (ConvertFrom-Sddl $Sddl).entries
  return @($entries | Where-Object { $_.type -eq 'A' -and $_.sid -notin $TrustedSids -and ($_.rights -band $Rights) -ne 0 } |
      ForEach-Object { $_.sid } | Sort-Object -Unique)
}

# Why somebody who is no administrator could change it; '': nobody could.
function Get-Distrust([string] $Sddl, [long] $Rights = $ChangesFile) {
  $read = ConvertFrom-Sddl $Sddl
  if ($read.owner -notin $TrustedSids) { return "belongs to $($read.owner)" }
  $others = @(Get-Others $Sddl $Rights)
  if ($others.Count -gt 0) { return "can be changed by $($others -join ', ')" }
  return ''
}

function Get-Sddl([string] $Path) { return (Get-Acl -LiteralPath $Path).Sddl }

# How many names a file has on its drive.
function Get-LinkCount([string] $Path) {
  $names = (Invoke-Must (Get-SystemProgram 'fsutil.exe') @('hardlink', 'list', $Path)) -split "`r?`n"
  return @($names | Where-Object { $_ -ne '' }).Count
}

# What is wrong with a directory and all that is in it, one line each. Links are named, never followed. What the set-up has put
# aside because it is somebody else's is left out: it is never read. $Links: also of files that have another name elsewhere.
function Get-TreeProblems([string] $Path, [bool] $Links) {
  if (-not (Test-IsThere $Path)) { return "$Path is not there" }
  Get-ProblemsBelow $Path $Links
}

function Get-ProblemsBelow([string] $Path, [bool] $Links) {
  if (Test-IsLink $Path) { return "$Path leads elsewhere" }
  $why = Get-Distrust (Get-Sddl $Path)
  if ($why -ne '') { "$Path $why" }
  $isDirectory = Test-Path -LiteralPath $Path -PathType Container
  if ($Links -and -not $isDirectory -and (Get-LinkCount $Path) -ne 1) { "$Path has another name elsewhere" }
  if ($isDirectory) {
    foreach ($child in @(Get-ChildItem -LiteralPath $Path -Force)) {
      if ($child.Name -match '\.not-trusted-[0-9a-f]{16}$') { continue }
      # An agent that runs makes files and takes them away.
      try { Get-ProblemsBelow $child.FullName $Links } catch { if (Test-IsThere $child.FullName) { throw } }
    }
  }
}

function Assert-Trusted([string] $Path, [bool] $Links = $false) {
  $problems = @(Get-TreeProblems $Path $Links)
  Assert ($problems.Count -eq 0) "$(@($problems | Select-Object -First 5) -join '; ') ($($problems.Count) in all)"
}
