/*
 * Stands in for `powershell` on the PATH of every agent that is measured: runs its last argument with sh, in the same
 * process. So all of them start the same program, and what a real PowerShell costs is not part of the numbers.
 */
#include <unistd.h>

int main(int argc, char **argv) {
  execl("/bin/sh", "sh", "-c", argc > 1 ? argv[argc - 1] : "", (char *)0);
  return 127;
}
