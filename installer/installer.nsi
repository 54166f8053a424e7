; The Windows installer. It only unpacks, asks, and hands over: what an installation is and how it is undone is the business of
; `src/setup`, which runs on the Node that was just unpacked and whose exit code is the one of the installer.
;
; Invariants: the files of the version that runs are never touched; each path sets an exit code (docs/deploy.md); nothing of the
; command line is cut, as it goes to the set-up by a file and not through NSIS strings.

!include "common.nsh"

!define STAGED "$INSTDIR\versions\.staged"
; What runs can't be moved, so the set-up has a Node and an agent of its own (the same bytes, packed once).
!define RUNNER "$INSTDIR\versions\.setup"

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

; --- before anything is done -----------------------------------------------------------------------------------------------

Function .onInit
  SetRegView 64
  !insertmacro chosenLanguage
  !insertmacro oneAtATime
  !insertmacro asAdministrator
  !insertmacro saveCommandLine
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

Function removeStaged
  SetOutPath "$TEMP"
  RMDir /r "${STAGED}"
  RMDir /r "${RUNNER}"
  RMDir "$INSTDIR\versions"
  RMDir "$INSTDIR"
FunctionEnd

Function .onInstFailed
  Call removeStaged
  SetErrorLevel ${EXIT_FAILED}
FunctionEnd

; "!": what the person has answered on the page.
!macro saveAnswers
  FileOpen $0 "$PLUGINSDIR\answers.txt" w
  ${If} $Servers != ""
    FileWriteUTF16LE $0 "/NATSURL=$\"$Servers$\""
  ${EndIf}
  FileClose $0
!macroend

Section
  RMDir /r "${STAGED}"
  RMDir /r "${RUNNER}"
  ClearErrors
  SetOutPath "${STAGED}"
  File /r "${TREE}/*"
  SetOutPath "${RUNNER}"
  File /r "${TREE}/tree/node"
  File /r "${TREE}/tree/agent"
  SetOutPath "$TEMP"
  !insertmacro saveAnswers

  DetailPrint "$(SettingUp)"
  nsExec::ExecToLog '"${RUNNER}\node\node.exe" "${RUNNER}\agent\setup.js" install --root "$INSTDIR" --staged "${STAGED}" \
    --installer "$EXEPATH" --command-line "$PLUGINSDIR\command-line.txt" --answers "$PLUGINSDIR\answers.txt" \
    --message "$PLUGINSDIR\message.txt"'
  Pop $ExitCode
  ${If} $ExitCode == "error"
    StrCpy $ExitCode ${EXIT_FAILED}
  ${EndIf}

  ${If} $ExitCode = ${EXIT_HANDED_OVER}
    StrCpy $ExitCode 0
  ${EndIf}
  ; The set-up has moved it, or has undone what it did.
  Call removeStaged
  ${If} ${FileExists} "${STARTER}"
    !insertmacro makeShortcut
  ${EndIf}
  ${If} $ExitCode <> 0
    !insertmacro showMessage "$(InstallFailed)"
    SetErrorLevel $ExitCode
    Quit
  ${EndIf}
SectionEnd
