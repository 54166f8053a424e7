; The Windows installer. It only unpacks, asks, and hands over: what an installation is and how it is undone is the business of
; `src/setup`, which runs on the Node that was just unpacked and whose exit code is the one of the installer.
;
; Invariants: the files of the version that runs are never touched; each path sets an exit code (docs/deploy.md); nothing of the
; command line is cut, as it goes to the set-up by a file and not through NSIS strings.

Unicode true
Target amd64-unicode
!ifdef FAST
  SetCompress off
!else
  SetCompressor /SOLID lzma
!endif
ManifestSupportedOS all
ManifestDPIAware true
RequestExecutionLevel admin

!include MUI2.nsh
!include LogicLib.nsh
!include FileFunc.nsh

!define APP_ID "KanadeTray"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${APP_ID}"
!define STAGED "$INSTDIR\versions\.staged"
; What runs can't be moved, so the set-up has a Node and an agent of its own (the same bytes, packed once).
!define RUNNER "$INSTDIR\versions\.setup"
!define EXIT_FAILED 1603
!define EXIT_CANCELLED 1602
!define EXIT_ANOTHER_RUNS 1618
!define ERROR_ALREADY_EXISTS 183

Name "Kanade Tray"
OutFile "${OUT_FILE}"
InstallDir "$PROGRAMFILES64\Kanade Tray"
BrandingText "Kanade Tray ${VERSION}"
ShowInstDetails nevershow
ShowUninstDetails nevershow
AllowSkipFiles off
VIProductVersion "${VERSION_NUMBERS}"
VIAddVersionKey ProductName "Kanade Tray"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "Kanade Tray ${VERSION}"
VIAddVersionKey CompanyName "kanade-tray contributors"
VIAddVersionKey LegalCopyright "© 2026 kanade-tray contributors"
!ifdef SIGN_COMMAND
  !finalize '${SIGN_COMMAND} "%1"'
  !uninstfinalize '${SIGN_COMMAND} "%1"'
!endif

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_CUSTOMFUNCTION_ABORT onCancel
!define MUI_FINISHPAGE_NOAUTOCLOSE
Page custom askFirst takeAnswers
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE English
!insertmacro MUI_LANGUAGE Japanese
!include "strings.nsh"

Var ExitCode
Var Servers
Var ServersField
Var IsInstalled

; --- before anything is done -----------------------------------------------------------------------------------------------

!macro oneAtATime
  InitPluginsDir
  System::Call 'kernel32::CreateMutexW(p 0, i 1, w "Global\KanadeTraySetup") p .r1 ?e'
  Pop $0
  ${If} $0 = ${ERROR_ALREADY_EXISTS}
    MessageBox MB_OK|MB_ICONEXCLAMATION "$(AnotherRuns)" /SD IDOK
    SetErrorLevel ${EXIT_ANOTHER_RUNS}
    Quit
  ${EndIf}
!macroend

!macro asAdministrator
  UserInfo::GetAccountType
  Pop $0
  ${If} $0 != "Admin"
    MessageBox MB_OK|MB_ICONEXCLAMATION "$(NeedsAdministrator)" /SD IDOK
    SetErrorLevel ${EXIT_FAILED}
    Quit
  ${EndIf}
!macroend

; The whole command line, UTF-16, however long it is.
!macro saveCommandLine
  System::Call 'kernel32::GetCommandLineW() p .r0'
  System::Call 'kernel32::lstrlenW(p r0) i .r1'
  IntOp $1 $1 * 2
  System::Call 'kernel32::CreateFileW(w "$PLUGINSDIR\command-line.txt", i 0x40000000, i 0, p 0, i 2, i 0x80, p 0) p .r2'
  System::Call 'kernel32::WriteFile(p r2, p r0, i r1, *i .r3, p 0)'
  System::Call 'kernel32::CloseHandle(p r2)'
!macroend

!macro chosenLanguage
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/LANG=" $1
  ${IfNot} ${Errors}
    ${If} $1 == "ja"
      StrCpy $LANGUAGE ${LANG_JAPANESE}
    ${ElseIf} $1 == "en"
      StrCpy $LANGUAGE ${LANG_ENGLISH}
    ${EndIf}
  ${EndIf}
!macroend

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

  ; The set-up has moved it, or has undone what it did.
  Call removeStaged
  SetErrorLevel $ExitCode
  ${If} ${FileExists} "$INSTDIR\current.json"
  ${AndIf} ${FileExists} "$INSTDIR\versions\${VERSION}\agent\setup.js"
    WriteUninstaller "$INSTDIR\uninstall.exe"
  ${EndIf}
  ${If} $ExitCode <> 0
    ${If} ${FileExists} "$PLUGINSDIR\message.txt"
      FileOpen $0 "$PLUGINSDIR\message.txt" r
      FileReadUTF16LE $0 $1
      FileClose $0
      MessageBox MB_OK|MB_ICONEXCLAMATION "$1" /SD IDOK
    ${EndIf}
    SetErrorLevel $ExitCode
    Quit
  ${EndIf}
SectionEnd

; --- uninstall -------------------------------------------------------------------------------------------------------------

Function un.onInit
  SetRegView 64
  !insertmacro chosenLanguage
  !insertmacro oneAtATime
  !insertmacro asAdministrator
  !insertmacro saveCommandLine
FunctionEnd

Function un.onUninstFailed
  SetErrorLevel ${EXIT_FAILED}
FunctionEnd

Section Uninstall
  SetOutPath "$TEMP"
  nsExec::ExecToLog '"$INSTDIR\versions\${VERSION}\node\node.exe" "$INSTDIR\versions\${VERSION}\agent\setup.js" uninstall \
    --root "$INSTDIR" --command-line "$PLUGINSDIR\command-line.txt" --message "$PLUGINSDIR\message.txt"'
  Pop $ExitCode
  ${If} $ExitCode == "error"
    StrCpy $ExitCode ${EXIT_FAILED}
  ${EndIf}
  SetErrorLevel $ExitCode
  ${If} $ExitCode <> 0
    Quit
  ${EndIf}
  ; Only what is ours, wherever somebody has put it.
  RMDir /r "$INSTDIR\versions"
  RMDir /r "$INSTDIR\bin"
  Delete "$INSTDIR\current.json"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  ${If} ${FileExists} "$INSTDIR\versions\*.*"
    SetErrorLevel ${EXIT_FAILED}
  ${EndIf}
SectionEnd
