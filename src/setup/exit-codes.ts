/** How the installer ends (deploy §3): the numbers of Windows Installer, as Intune and SCCM know them, and four of our own. */
export const SETUP_EXIT = {
  ok: 0,
  configuration: 3,
  refusedByBroker: 4,
  brokerNotReachable: 5,
  serviceNotStarted: 6,
  cancelled: 1602,
  /** Everything is as it was before. */
  failed: 1603,
  anotherRuns: 1618,
  newerInstalled: 1638,
} as const;

/** From the set-up to its installer only, which ends with 0: nothing is done yet, a person is to be asked first about what `--message` holds. */
export const ASKS = 251;

/** Something that IT can do something about, with the exit code that says what. */
export class SetupError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
