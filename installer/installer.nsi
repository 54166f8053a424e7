; The Windows installer. It only unpacks, asks, and hands over: what an installation is and how it is undone is the business of
; `src/setup`, which runs on the Node that was just unpacked and whose exit code is the one of the installer.
;
; Invariants: the files of the version that runs are never touched; each path sets an exit code (docs/deploy.md); nothing of the
; command line is cut, as it goes to the set-up by a file and not through NSIS strings; nothing is written to, run from, or given to
; people out of, a directory that anybody but the Administrators can change; nothing that people may read is opened, replaced or removed
; here: who has a lock on it would keep us, and every other set-up, waiting for ever (e2e/installer-scripts.test.ts).

!include "common.nsh"

!define STAGED "$INSTDIR\versions\.staged"

InstallDir "$PROGRAMFILES64\Kanade Tray"

!define MUI_ABORTWARNING
!define MUI_CUSTOMFUNCTION_ABORT onCancel
!define MUI_FINISHPAGE_NOAUTOCLOSE
Page custom askFirst takeAnswers
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_LANGUAGE English
!insertmacro MUI_LANGUAGE Japanese
!include "strings.nsh"
!include "shortcut.nsh"

Var ExitCode
Var Servers
Var ServersField
Var IsInstalled
Var Task
; A person is there, who can be asked.
Var Asks
; $INSTDIR is ours, and nobody else can change it.
Var IsSafe

; --- before anything is done -----------------------------------------------------------------------------------------------

Function .onInit
  SetRegView 64
  !insertmacro chosenLanguage
  !insertmacro asAdministrator
  !insertmacro keepSetupVariables
  !insertmacro oneAtATime
  ; Where it is already, unless /D names a place.
  ReadRegStr $0 HKLM "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $0 != ""
    StrCpy $IsInstalled 1
    ${If} $INSTDIR == "$PROGRAMFILES64\Kanade Tray"
      StrCpy $INSTDIR $0
    ${EndIf}
  ${EndIf}
FunctionEnd

; --- the one page that matters ---------------------------------------------------------------------------------------------

Function askFirst
  ; An upgrade keeps its settings.
  ${If} $IsInstalled = 1
    Abort
  ${EndIf}
  !insertmacro MUI_HEADER_TEXT "$(ServersTitle)" "$(ServersSubtitle)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateLabel} 0 0 100% 24u "$(ServersLabel)"
  Pop $0
  ${NSD_CreateText} 0 28u 100% 13u "$Servers"
  Pop $ServersField
  ${NSD_CreateLabel} 0 48u 100% 40u "$(ServersHelp)"
  Pop $0
  ${NSD_SetFocus} $ServersField
  nsDialogs::Show
FunctionEnd

Function takeAnswers
  ${NSD_GetText} $ServersField $Servers
FunctionEnd

Function onCancel
  SetErrorLevel ${EXIT_CANCELLED}
FunctionEnd

; --- unpack, and hand over -------------------------------------------------------------------------------------------------

; Nothing is removed, either, from where others may put something.
Function removeStaged
  SetOutPath "$PROGRAMFILES64"
  RMDir /r "${RUNNER}"
  ${If} $IsSafe = 1
    RMDir /r "${STAGED}"
    RMDir "$INSTDIR\versions"
    RMDir "$INSTDIR\private"
    RMDir "$INSTDIR"
  ${EndIf}
FunctionEnd

Function .onInstFailed
  Call removeStaged
  SetErrorLevel ${EXIT_FAILED}
FunctionEnd

; "!": what the person has answered on the page.
!macro saveAnswers
  FileOpen $0 "${RUNNER}\answers.txt" w
  ${If} $Servers != ""
    FileWriteUTF16LE $0 "/NATSURL=$\"$Servers$\""
  ${EndIf}
  FileClose $0
!macroend

; "!": runs a task of the set-up, to $ExitCode.
!macro runSetUp task
  nsExec::ExecToLog '"${RUNNER}\node\node.exe" "${RUNNER}\agent\setup.js" ${task} --root "$INSTDIR" --staged "${STAGED}" \
    --entry "${SHORTCUT}" --installer "$EXEPATH" --command-line "${RUNNER}\command-line.txt" --answers "${RUNNER}\answers.txt" \
    --message "${MESSAGE_FILE}"'
  Pop $ExitCode
  ${If} $ExitCode == "error"
    StrCpy $ExitCode ${EXIT_FAILED}
  ${EndIf}
!macroend

Section
  SetShellVarContext all
  !insertmacro makeRunner
  ${If} $0 = 0
    Abort
  ${EndIf}
  ClearErrors
  SetOutPath "${RUNNER}"
  File /r "${TREE}/tree/node"
  File /r "${TREE}/tree/agent"
  SetOutPath "$PROGRAMFILES64"
  !insertmacro saveCommandLine "${RUNNER}\command-line.txt"
  !insertmacro saveAnswers

  DetailPrint "$(SettingUp)"
  StrCpy $Asks ""
  ${IfNot} ${Silent}
    StrCpy $Asks "--asks"
  ${EndIf}
  !insertmacro runSetUp "prepare $Asks"
  ${If} $ExitCode = 0
    StrCpy $IsSafe 1
    SetOutPath "${STAGED}"
    File /r "${TREE}/*"
    SetOutPath "$PROGRAMFILES64"
    !insertmacro makeShortcut "${STAGED}\entry.lnk"
    StrCpy $Task "install $Asks"
    again:
    !insertmacro runSetUp $Task
    ; Anybody can start us with words of their own: who has agreed to our name is asked about those, and once more where what
    ; they name is another thing by the time of the answer.
    ${If} $ExitCode = ${EXIT_ASKS}
      !insertmacro readMessage
      StrCpy $ExitCode ${EXIT_CANCELLED}
      MessageBox MB_YESNO|MB_ICONEXCLAMATION|MB_DEFBUTTON2 "$(ChangesQuestion)$Message" IDNO declined
      StrCpy $Task 'install --asks --agreed "$Agreed"'
      Goto again
      declined:
    ${EndIf}
  ${EndIf}

  ${If} $ExitCode = ${EXIT_HANDED_OVER}
    StrCpy $ExitCode 0
  ${EndIf}
  !insertmacro readMessage
  ; The set-up has moved it, or has undone what it did.
  Call removeStaged
  ${If} $ExitCode <> 0
    ${If} $ExitCode <> ${EXIT_CANCELLED}
      !insertmacro showMessage "$(InstallFailed)"
    ${EndIf}
    SetErrorLevel $ExitCode
    Quit
  ${EndIf}
SectionEnd
