; What installer and uninstaller have in common. A script says OUT_FILE, VERSION, VERSION_NUMBERS and ICON before it includes this.
;
; Invariant: `System::Call` parses its text, and the text can name a DLL to load. So what somebody else may have chosen (a path, a
; variable of the environment, its name too) never stands in it: it goes in by a register, `w r8` (e2e/installer-scripts.test.ts).

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

!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\KanadeTray"
; Those of `src/setup/exit-codes.ts`.
!define EXIT_CONFIGURATION 3
!define EXIT_REFUSED 4
!define EXIT_NOT_REACHABLE 5
!define EXIT_NOT_STARTED 6
!define EXIT_NEWER_INSTALLED 1638
!define EXIT_HANDED_OVER 250
!define EXIT_ASKS 251
!define EXIT_FAILED 1603
!define EXIT_CANCELLED 1602
!define EXIT_ANOTHER_RUNS 1618
!define ERROR_ACCESS_DENIED 5
!define ERROR_SHARING_VIOLATION 32

Name "Kanade Tray"
OutFile "${OUT_FILE}"
BrandingText "Kanade Tray ${VERSION}"
ShowInstDetails nevershow
AllowSkipFiles off
VIProductVersion "${VERSION_NUMBERS}"
VIAddVersionKey ProductName "Kanade Tray"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "Kanade Tray ${VERSION}"
VIAddVersionKey CompanyName "kanade-tray contributors"
VIAddVersionKey LegalCopyright "© 2026 kanade-tray contributors"
!define MUI_ICON "${ICON}"

; Nobody but the Administrators may open what is made with it.
!define PRIVATE "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

; $9: the address of SECURITY_ATTRIBUTES for PRIVATE, 0 where there can be none. Both stay until we end.
!macro privateAttributes
  StrCpy $9 0
  System::Call 'advapi32::ConvertStringSecurityDescriptorToSecurityDescriptorW(w "${PRIVATE}", i 1, *p .r8, p 0) i .r7'
  ${If} $7 <> 0
    System::Call '*(i 24, i 0, p r8, i 0, i 0) p .r9'
  ${EndIf}
!macroend

Var Turn

; The turn of `src/platform/windows/setup-lock.ts`: a file that only administrators can make or open, held without sharing. Who does
; not get it does not go on.
!macro oneAtATime
  InitPluginsDir
  !insertmacro privateAttributes
  ${If} $9 P= 0
    SetErrorLevel ${EXIT_FAILED}
    Quit
  ${EndIf}
  ; GENERIC_READ and DELETE; not shared; OPEN_ALWAYS; OPEN_REPARSE_POINT.
  System::Call 'kernel32::CreateFileW(w "$PROGRAMFILES64\Kanade Tray.lock", i 0x80010000, i 0, p r9, i 4, i 0x00200000, p 0) p .r1 ?e'
  Pop $0
  StrCpy $Turn $1
  ${If} $1 P= -1
    ${If} $0 = ${ERROR_SHARING_VIOLATION}
    ${OrIf} $0 = ${ERROR_ACCESS_DENIED}
      MessageBox MB_OK|MB_ICONEXCLAMATION "$(AnotherRuns)" /SD IDOK
      SetErrorLevel ${EXIT_ANOTHER_RUNS}
    ${Else}
      SetErrorLevel ${EXIT_FAILED}
    ${EndIf}
    Quit
  ${EndIf}
!macroend

; Its name goes at once, whoever looks at it: FileDispositionInfoEx with DELETE and POSIX_SEMANTICS.
!macro removeTurn
  System::Call '*(i 3) p .r0'
  StrCpy $1 $Turn
  System::Call 'kernel32::SetFileInformationByHandle(p r1, i 21, p r0, i 4)'
!macroend

; What a set-up needs of the environment, which is that of whoever has started us: their own part of the registry is in it. All else
; is taken away before Node is started. The same as in `native/current.c`.
!define KEPT_VARIABLES "|SystemRoot|SystemDrive|windir|TEMP|TMP|USERPROFILE|USERNAME|USERDOMAIN|COMPUTERNAME|OS|NUMBER_OF_PROCESSORS|PROCESSOR_ARCHITECTURE|PROCESSOR_ARCHITEW6432|KTRAY_RUN|"
!macro setVariable name value
  StrCpy $7 "${name}"
  StrCpy $8 "${value}"
  System::Call 'kernel32::SetEnvironmentVariableW(w r7, w r8)'
!macroend
!macro keepSetupVariables
  ; A copy: what is taken away meanwhile stays in it.
  System::Call 'kernel32::GetEnvironmentStringsW() p .r0'
  StrCpy $1 $0
  ${Do}
    System::Call 'kernel32::lstrlenW(p r1) i .r2'
    ${If} $2 = 0
      ${ExitDo}
    ${EndIf}
    ; Nothing that Node obeys has a longer name. The first sign may be "=" in Windows' own ones.
    System::Call 'kernel32::lstrcpynW(w .r3, p r1, i 256)'
    StrCpy $4 1
    ${Do}
      StrCpy $5 $3 1 $4
      ${If} $5 == "="
      ${OrIf} $5 == ""
        ${ExitDo}
      ${EndIf}
      IntOp $4 $4 + 1
    ${Loop}
    StrCpy $6 $3 $4
    StrCpy $5 $6 1
    StrCpy $8 "|$6|"
    System::Call 'shlwapi::StrStrIW(w "${KEPT_VARIABLES}", w r8) p .r7'
    ${If} $5 != "="
    ${AndIf} $7 P= 0
      System::Call 'kernel32::SetEnvironmentVariableW(w r6, p 0)'
    ${EndIf}
    IntOp $2 $2 + 1
    IntOp $2 $2 * 2
    IntPtrOp $1 $1 + $2
  ${Loop}
  System::Call 'kernel32::FreeEnvironmentStringsW(p r0)'
  !insertmacro setVariable SystemRoot "$WINDIR"
  !insertmacro setVariable windir "$WINDIR"
  StrCpy $0 $WINDIR 2
  !insertmacro setVariable SystemDrive "$0"
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

; What runs can't be moved, so the set-up has a Node and an agent of its own (the same bytes, packed once), and a token may stand in
; a command line: this directory, where only administrators can make anything, is private before the first byte. Whoever has the turn
; is alone, so one that is there is an interrupted one of ours.
Var Runner
!define RUNNER "$Runner"

; To $0: 0 where there is none.
!macro makeRunner
  StrCpy $Runner "$PROGRAMFILES64\Kanade Tray.setup"
  RMDir /r "${RUNNER}"
  !insertmacro privateAttributes
  StrCpy $8 "${RUNNER}"
  System::Call 'kernel32::CreateDirectoryW(w r8, p r9) i .r0'
  ${If} $0 = 0
    ; Somebody who looks at one of an interrupted installation keeps its name.
    System::Call 'kernel32::GetTickCount() i .r0'
    StrCpy $Runner "$PROGRAMFILES64\Kanade Tray.setup-$0"
    StrCpy $8 "${RUNNER}"
    System::Call 'kernel32::CreateDirectoryW(w r8, p r9) i .r0'
  ${EndIf}
  ${If} $9 P= 0
    StrCpy $0 0
  ${EndIf}
!macroend

; The whole command line, UTF-16, however long it is. A token may stand in it: `file` must be nobody else's to read.
!macro saveCommandLine file
  System::Call 'kernel32::GetCommandLineW() p .r0'
  System::Call 'kernel32::lstrlenW(p r0) i .r1'
  IntOp $1 $1 * 2
  StrCpy $8 "${file}"
  ; GENERIC_WRITE; CREATE_NEW; OPEN_REPARSE_POINT: nothing that is there is written to, nor where a link leads.
  System::Call 'kernel32::CreateFileW(w r8, i 0x40000000, i 0, p 0, i 1, i 0x00200080, p 0) p .r2'
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

; What the set-up has to say about how it went, for a person: the detail, and where its log is. It lies where nobody else can put
; another one, and is read before that goes.
Var Message
; What an answer to it counts for.
Var Agreed
!define MESSAGE_FILE "${RUNNER}\message.txt"
!macro readMessage
  StrCpy $Message ""
  StrCpy $Agreed ""
  ${If} ${FileExists} "${MESSAGE_FILE}"
    FileOpen $1 "${MESSAGE_FILE}" r
    FileReadUTF16LE $1 $2
    FileReadUTF16LE $1 $3
    FileReadUTF16LE $1 $Agreed
    FileClose $1
    StrCpy $Message "$\n$\n$2$\n$3"
  ${EndIf}
!macroend

; What it means that it has not gone well, and what the set-up has to say about it.
!macro showMessage otherwise
  ${Switch} $ExitCode
  ${Case} ${EXIT_CONFIGURATION}
    StrCpy $0 "$(BadSettings)"
    ${Break}
  ${Case} ${EXIT_REFUSED}
    StrCpy $0 "$(SignInRefused)"
    ${Break}
  ${Case} ${EXIT_NOT_REACHABLE}
    StrCpy $0 "$(NotReachable)"
    ${Break}
  ${Case} ${EXIT_NOT_STARTED}
    StrCpy $0 "$(NotStarted)"
    ${Break}
  ${Case} ${EXIT_ANOTHER_RUNS}
    StrCpy $0 "$(AnotherRuns)"
    ${Break}
  ${Case} ${EXIT_NEWER_INSTALLED}
    StrCpy $0 "$(NewerInstalled)"
    ${Break}
  ${Default}
    StrCpy $0 "${otherwise}"
  ${EndSwitch}
  MessageBox MB_OK|MB_ICONEXCLAMATION "$0$Message" /SD IDOK
!macroend
