; The uninstaller, a program like the installer: the kind that NSIS makes ends at once and lets a copy do the work, so that
; nobody learns how it ended. This one is started by `uninstall.exe` (native/uninstall.c), which waits for it.
;
; Invariants: only what is ours is taken away, wherever somebody has put it; what belongs to the PC is the business of `src/setup`.
; Nothing is run but what the set-up has installed: from where the registry says, or from where it is by default. Anybody can start
; this program, from a directory of theirs and with a `/FROM` of theirs, and have an administrator agree to it: nothing is read,
; written or removed beside it. What people may read the set-up takes away, who waits for nobody; where it can't nothing more is done.

!include "common.nsh"

!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_LANGUAGE English
!insertmacro MUI_LANGUAGE Japanese
!include "strings.nsh"

Var ExitCode

Var Version
Var Purges
Var Asks

Function .onInit
  SetRegView 64
  !insertmacro chosenLanguage
  !insertmacro asAdministrator
  !insertmacro keepSetupVariables
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/FROM=" $INSTDIR
  ${If} ${Errors}
    StrCpy $INSTDIR ""
  ${EndIf}
  ReadRegStr $0 HKLM "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $INSTDIR == ""
  ${OrIf} $INSTDIR != $0
  ${AndIf} $INSTDIR != "$PROGRAMFILES64\Kanade Tray"
    SetErrorLevel ${EXIT_FAILED}
    Quit
  ${EndIf}
  ; What the question says is what is done: the set-up takes nothing more than we tell it that was asked about.
  StrCpy $Purges ""
  StrCpy $1 "$(RemoveQuestion)"
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/PURGE" $2
  ${IfNot} ${Errors}
  ${AndIf} $2 != "=0"
  ${AndIf} $2 != '="0"'
    StrCpy $Purges "--purges"
    StrCpy $1 "$(PurgeQuestion)"
  ${EndIf}
  ; Whoever is there may have been given these words by somebody else.
  StrCpy $Asks ""
  ${IfNot} ${Silent}
    StrCpy $Asks "--asks"
  ${EndIf}
  MessageBox MB_YESNO|MB_ICONQUESTION "$1" /SD IDYES IDYES goOn
    SetErrorLevel ${EXIT_CANCELLED}
    Quit
  goOn:
  !insertmacro oneAtATime
  !insertmacro makeRunner
  ${If} $0 = 0
    SetErrorLevel ${EXIT_FAILED}
    Quit
  ${EndIf}
  !insertmacro saveCommandLine "${RUNNER}\command-line.txt"
FunctionEnd

Function .onInstFailed
  RMDir /r "${RUNNER}"
  SetErrorLevel ${EXIT_FAILED}
FunctionEnd

; A version with its set-up; ours is first, and any will do where files are missing.
Function findSetup
  StrCpy $Version "${VERSION}"
  ${If} ${FileExists} "$INSTDIR\versions\$Version\agent\setup.js"
    Return
  ${EndIf}
  FindFirst $0 $1 "$INSTDIR\versions\*.*"
  ${DoWhile} $1 != ""
    ${If} ${FileExists} "$INSTDIR\versions\$1\agent\setup.js"
      StrCpy $Version $1
    ${EndIf}
    FindNext $0 $1
  ${Loop}
  FindClose $0
FunctionEnd

Section
  SetShellVarContext all
  SetOutPath "$PROGRAMFILES64"
  Call findSetup
  nsExec::ExecToLog '"$INSTDIR\versions\$Version\node\node.exe" "$INSTDIR\versions\$Version\agent\setup.js" uninstall $Purges $Asks \
    --root "$INSTDIR" --entry "$SMPROGRAMS\Kanade Tray.lnk" --command-line "${RUNNER}\command-line.txt" --message "${MESSAGE_FILE}"'
  Pop $ExitCode
  !insertmacro readMessage
  RMDir /r "${RUNNER}"
  ${If} $ExitCode == "error"
    StrCpy $ExitCode ${EXIT_FAILED}
  ${EndIf}
  ${If} $ExitCode = ${EXIT_HANDED_OVER}
    SetErrorLevel 0
    Quit
  ${EndIf}
  ${If} $ExitCode <> 0
    !insertmacro showMessage "$(RemovalFailed)"
    SetErrorLevel $ExitCode
    Quit
  ${EndIf}
  RMDir /r "$INSTDIR\versions"
  RMDir /r "$INSTDIR\private"
  RMDir "$INSTDIR"
  !insertmacro removeTurn
  SetErrorLevel 0
  ${If} ${FileExists} "$INSTDIR\versions\*.*"
    SetErrorLevel ${EXIT_FAILED}
  ${EndIf}
SectionEnd
