; Everybody's entry in the Start menu, which the set-up puts into its place (`src/setup/entry.ts`). It carries the application's identity (AUMID): without it Windows shows no notification of ours,
; and a pinned icon is another one than the running one.
!include Win\COM.nsh
!include Win\Propkey.nsh

!define SHORTCUT "$SMPROGRAMS\Kanade Tray.lnk"
!define STARTER "$INSTDIR\bin\Kanade Tray.exe"

; `file`: where nobody else comes. What it leads to need not be there yet.
!macro makeShortcut file
  !insertmacro ComHlpr_CreateInProcInstance ${CLSID_ShellLink} ${IID_IShellLink} r0 ""
  ${If} $0 P<> 0
    StrCpy $5 "${STARTER}"
    ${IShellLink::SetPath} $0 '(r5).r2'
    ${IShellLink::SetIconLocation} $0 '(r5, 0).r2'
    ${IUnknown::QueryInterface} $0 '("${IID_IPropertyStore}",.r1)'
    ${If} $1 P<> 0
      System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID})p.r2'
      System::Call '*(&w32 "KanadeTray")p.r4'
      System::Call '*(&i2 ${VT_LPWSTR}, &i2 0, &i4 0, p r4, p 0)p.r3'
      ${IPropertyStore::SetValue} $1 '(r2,r3)'
      ${IPropertyStore::Commit} $1 ""
      System::Free $2
      System::Free $3
      System::Free $4
      ${IUnknown::Release} $1 ""
    ${EndIf}
    ${IUnknown::QueryInterface} $0 '("${IID_IPersistFile}",.r1)'
    ${If} $1 P<> 0
      StrCpy $5 "${file}"
      ${IPersistFile::Save} $1 '(r5,1)'
      ${IUnknown::Release} $1 ""
    ${EndIf}
    ${IUnknown::Release} $0 ""
  ${EndIf}
!macroend
