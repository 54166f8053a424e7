/** How an agent process is started, as a port: Electron's own Node in the product, another Node in tests (architecture §4). */

export interface LaunchedAgent {
  /** undefined: it could not be started. */
  readonly pid: number | undefined;
  /** Called once; null: it was ended by a signal or never started. */
  onExit(ended: (code: number | null) => void): void;
  /** At once, as a crash would. */
  kill(): void;
}

export interface Launch {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it writes to its standard streams. */
  readonly onOutput: (text: string) => void;
}

export type Launcher = (launch: Launch) => LaunchedAgent;
