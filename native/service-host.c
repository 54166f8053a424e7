/*
 * `private\kanade-tray-agent.exe`: the Windows service KanadeTrayAgent. The service manager talks only to the process that it
 * started, and that must not change with a version; so this one stays and runs the current version's agent as its child:
 *
 *   versions\<current>\node\node.exe versions\<current>\agent\main.js --service --control
 *
 * What the service manager says becomes a line on the agent's standard input: `stop`, `preshutdown`, `session <event> <id>`.
 * Invariants: no agent outlives its host; a stop is never answered before the agent has ended; the exit codes 0 and 2 of the
 * agent are a plain stop, 64 starts the then current version (`trial.h`: or the one before it), everything else is a failure for the recovery actions: also 1, with
 * which Node ends where somebody holds a file of the program.
 */
#include "current.h"
#include "safe-directory.h"
#include "trial.h"

#include <stdio.h>

#define SERVICE_NAME L"KanadeTrayAgent"
/* The longest grace of running scripts that can be set is 600 s; the agent itself ends 15 s after it. */
#define STOP_WITHIN_MS (630 * 1000)
/* The service manager waits 60 s at a shutdown (set by the installer). */
#define SHUTDOWN_WITHIN_MS (57 * 1000)
#define CHECKPOINT_MS 2000
#define WAIT_HINT_MS 10000
#define AGENT_EXIT_IN_USE 2
#define AGENT_EXIT_UPDATE 64
/* An agent that asks for an update at once, again and again, would go on for ever. */
#define UPDATE_AFTER_MS 10000

static SERVICE_STATUS_HANDLE status_handle;
static SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS};
static CRITICAL_SECTION guard;
/* Set once the service manager has asked for the end. */
static HANDLE stop_asked;
static DWORD stop_within_ms;
/* The write end of the agent's standard input. */
static HANDLE control_pipe = NULL;

struct agent {
  HANDLE process;
  HANDLE job;
};

static void report(DWORD state, DWORD error, DWORD specific) {
  EnterCriticalSection(&guard);
  status.dwCurrentState = state;
  status.dwWin32ExitCode = error;
  status.dwServiceSpecificExitCode = specific;
  status.dwControlsAccepted =
      state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN | SERVICE_ACCEPT_SESSIONCHANGE : 0;
  BOOL pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
  status.dwCheckPoint = pending ? status.dwCheckPoint + 1 : 0;
  status.dwWaitHint = pending ? WAIT_HINT_MS : 0;
  SetServiceStatus(status_handle, &status);
  LeaveCriticalSection(&guard);
}

/* An agent that does not read is ended at last; it must not hold up the service manager. */
static void tell_agent(const char *line) {
  EnterCriticalSection(&guard);
  DWORD written;
  if (control_pipe != NULL) WriteFile(control_pipe, line, (DWORD)lstrlenA(line), &written, NULL);
  LeaveCriticalSection(&guard);
}

static DWORD WINAPI on_control(DWORD control, DWORD event, void *data, void *context) {
  (void)context;
  switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_PRESHUTDOWN:
      stop_within_ms = control == SERVICE_CONTROL_STOP ? STOP_WITHIN_MS : SHUTDOWN_WITHIN_MS;
      report(SERVICE_STOP_PENDING, NO_ERROR, 0);
      tell_agent(control == SERVICE_CONTROL_STOP ? "stop\n" : "preshutdown\n");
      SetEvent(stop_asked);
      return NO_ERROR;
    case SERVICE_CONTROL_SESSIONCHANGE: {
      char line[64];
      snprintf(line, sizeof line, "session %lu %lu\n", event, ((WTSSESSION_NOTIFICATION *)data)->dwSessionId);
      tell_agent(line);
      return NO_ERROR;
    }
    case SERVICE_CONTROL_INTERROGATE:
      return NO_ERROR;
    default:
      return ERROR_CALL_NOT_IMPLEMENTED;
  }
}

/* Ends with us, whatever ends us; what the agent starts has jobs of its own. */
static HANDLE create_job(void) {
  HANDLE job = CreateJobObjectW(NULL, NULL);
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
  limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
  if (job != NULL) SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
  return job;
}

/* What an agent says that can't open its own log; the last start only. NULL: nowhere, also where others could put a link. */
static HANDLE open_output(SECURITY_ATTRIBUTES *inheritable) {
  WCHAR home[PATH_CHARS], logs[PATH_CHARS], path[PATH_CHARS];
  DWORD length = ExpandEnvironmentStringsW(L"%ProgramData%\\Kanade", home, PATH_CHARS);
  if (length == 0 || length > PATH_CHARS) return NULL;
  if (swprintf(logs, PATH_CHARS, L"%ls\\logs", home) < 0) return NULL;
  if (swprintf(path, PATH_CHARS, L"%ls\\kanade-tray-service.log", logs) < 0) return NULL;
  if (!is_safe_directory(home) || !is_safe_directory(logs)) return NULL;
  HANDLE file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_DELETE, inheritable, CREATE_ALWAYS,
                            FILE_ATTRIBUTE_NORMAL, NULL);
  return file == INVALID_HANDLE_VALUE ? NULL : file;
}

static HANDLE open_nothing(SECURITY_ATTRIBUTES *inheritable) {
  return CreateFileW(L"NUL", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, inheritable, OPEN_EXISTING, 0, NULL);
}

static DWORD create_agent(const WCHAR *root, WCHAR *line, HANDLE stdio[3], struct agent *agent) {
  STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
  startup.hStdInput = stdio[0];
  startup.hStdOutput = stdio[1];
  startup.hStdError = stdio[2];
  PROCESS_INFORMATION started;
  DWORD flags = CREATE_NO_WINDOW | CREATE_SUSPENDED;
  if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, flags, NULL, root, &startup, &started)) return GetLastError();
  agent->process = started.hProcess;
  agent->job = create_job();
  if (agent->job != NULL) AssignProcessToJobObject(agent->job, started.hProcess);
  ResumeThread(started.hThread);
  CloseHandle(started.hThread);
  return ERROR_SUCCESS;
}

static void close_if_open(HANDLE handle) {
  if (handle != NULL && handle != INVALID_HANDLE_VALUE) CloseHandle(handle);
}

static void use_control_pipe(HANDLE pipe) {
  EnterCriticalSection(&guard);
  close_if_open(control_pipe);
  control_pipe = pipe;
  LeaveCriticalSection(&guard);
}

static DWORD start_agent(struct agent *agent) {
  begin_start();
  WCHAR root[PATH_CHARS], directory[PATH_CHARS];
  DWORD error = current_version_directory(L"private\\current.json", root, directory);
  if (error != ERROR_SUCCESS) return error;
  WCHAR line[2 * PATH_CHARS];
  if (swprintf(line, 2 * PATH_CHARS, L"\"%ls\\node\\node.exe\" \"%ls\\agent\\main.js\" --service --control", directory,
               directory) < 0)
    return ERROR_FILENAME_EXCED_RANGE;

  SECURITY_ATTRIBUTES inheritable = {.nLength = sizeof inheritable, .bInheritHandle = TRUE};
  HANDLE input, control;
  if (!CreatePipe(&input, &control, &inheritable, 0)) return GetLastError();
  SetHandleInformation(control, HANDLE_FLAG_INHERIT, 0);
  DWORD mode = PIPE_NOWAIT;
  SetNamedPipeHandleState(control, &mode, NULL, NULL);

  HANDLE nothing = open_nothing(&inheritable);
  HANDLE output = open_output(&inheritable);
  HANDLE stdio[3] = {input, nothing, output == NULL ? nothing : output};
  error = create_agent(root, line, stdio, agent);
  close_if_open(input);
  close_if_open(nothing);
  close_if_open(output);
  if (error == ERROR_SUCCESS) use_control_pipe(control);
  else CloseHandle(control);
  return error;
}

/* Waits for the agent's end; while it is being stopped the service manager hears that we go on. Returns its exit code. */
static DWORD wait_for_agent(struct agent *agent) {
  HANDLE both[2] = {agent->process, stop_asked};
  if (WaitForMultipleObjects(2, both, FALSE, INFINITE) == WAIT_OBJECT_0 + 1) {
    ULONGLONG since = GetTickCount64();
    while (WaitForSingleObject(agent->process, CHECKPOINT_MS) == WAIT_TIMEOUT) {
      report(SERVICE_STOP_PENDING, NO_ERROR, 0);
      if (GetTickCount64() - since > stop_within_ms) TerminateProcess(agent->process, ERROR_TIMEOUT);
    }
  }
  DWORD code = ERROR_PROCESS_ABORTED;
  GetExitCodeProcess(agent->process, &code);
  use_control_pipe(NULL);
  CloseHandle(agent->process);
  close_if_open(agent->job);
  return code;
}

static BOOL is_stopping(void) { return WaitForSingleObject(stop_asked, 0) == WAIT_OBJECT_0; }

static void WINAPI service_main(DWORD count, WCHAR **arguments) {
  (void)count, (void)arguments;
  status_handle = RegisterServiceCtrlHandlerExW(SERVICE_NAME, on_control, NULL);
  if (status_handle == NULL) return;
  report(SERVICE_START_PENDING, NO_ERROR, 0);
  for (;;) {
    struct agent agent;
    DWORD error = start_agent(&agent);
    if (error != ERROR_SUCCESS) {
      report(SERVICE_STOPPED, error, 0);
      return;
    }
    report(SERVICE_RUNNING, NO_ERROR, 0);
    ULONGLONG since = GetTickCount64();
    DWORD code = wait_for_agent(&agent);
    if (is_stopping() || code == 0 || code == AGENT_EXIT_IN_USE) {
      report(SERVICE_STOPPED, NO_ERROR, 0);
      return;
    }
    if (code != AGENT_EXIT_UPDATE || GetTickCount64() - since < UPDATE_AFTER_MS) {
      report(SERVICE_STOPPED, ERROR_SERVICE_SPECIFIC_ERROR, code);
      return;
    }
  }
}

int WINAPI wWinMain(HINSTANCE instance, HINSTANCE previous, PWSTR command, int show) {
  (void)instance, (void)previous, (void)command, (void)show;
  load_only_from_windows();
  forget_runtime_variables();
  InitializeCriticalSection(&guard);
  stop_asked = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (stop_asked == NULL) return (int)GetLastError();
  SERVICE_TABLE_ENTRYW services[] = {{(WCHAR[]){SERVICE_NAME}, service_main}, {NULL, NULL}};
  // Without a service manager (somebody has started it by hand) this is error 1063.
  return StartServiceCtrlDispatcherW(services) ? 0 : (int)GetLastError();
}
