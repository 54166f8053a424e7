/**
 * The schema, as numbered steps. A step is never changed once released; the next one is added.
 *
 * `minReader` is the oldest schema number whose release can still work on a file that this step has touched. The
 * previous release always can, so that an upgrade which is undone loses no row (design §6).
 */
export interface Migration {
  readonly version: number;
  readonly minReader: number;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    minReader: 1,
    sql: `
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

      -- One row per command id ever accepted or refused; outlives the EXEC stream's 7 days (invariant 2).
      CREATE TABLE ledger (
        request_id  TEXT PRIMARY KEY,
        fingerprint BLOB NOT NULL,
        received_at INTEGER NOT NULL,
        run         INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX ledger_age ON ledger (received_at);

      -- Everything that arrived, in the order of arrival; open rows are the inbox, finished ones the history.
      CREATE TABLE runs (
        run          INTEGER PRIMARY KEY,
        request_id   TEXT,
        result_id    TEXT,
        exec_id      TEXT,
        manifest_id  TEXT,
        version      TEXT,
        title        TEXT,
        source       TEXT NOT NULL,
        subject      TEXT NOT NULL,
        shell        TEXT,
        run_as       TEXT,
        run_as_user  TEXT,
        timeout_secs INTEGER,
        received_at  INTEGER NOT NULL,
        decided_at   INTEGER,
        not_before   INTEGER,
        started_at   INTEGER,
        finished_at  INTEGER,
        delivered_at INTEGER,
        state        TEXT NOT NULL,
        reason       TEXT,
        exit_code    INTEGER,
        detail       TEXT,
        facts        TEXT,
        kill_at      INTEGER,
        pid          INTEGER,
        pid_start    TEXT
      ) STRICT;
      CREATE INDEX runs_open ON runs (run) WHERE state <> 'finished';
      CREATE INDEX runs_received ON runs (received_at);
      CREATE INDEX runs_result ON runs (result_id) WHERE result_id IS NOT NULL;

      -- The command exactly as it came.
      CREATE TABLE commands (run INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;

      CREATE TABLE outputs (
        run         INTEGER NOT NULL,
        stream      TEXT NOT NULL,
        body        TEXT NOT NULL,
        total_bytes INTEGER NOT NULL,
        cut         INTEGER NOT NULL,
        PRIMARY KEY (run, stream)
      ) STRICT;

      -- Leaves only on PubAck (invariant 5).
      CREATE TABLE outbox (
        seq        INTEGER PRIMARY KEY AUTOINCREMENT,
        kind       TEXT NOT NULL,
        id         TEXT NOT NULL,
        subject    TEXT NOT NULL,
        body       BLOB NOT NULL,
        run        INTEGER,
        queued_at  INTEGER NOT NULL,
        attempts   INTEGER NOT NULL DEFAULT 0,
        parked_at  INTEGER,
        parked_why TEXT,
        UNIQUE (kind, id)
      ) STRICT;

      -- The last known value of each broker key that a gate or the configuration needs.
      CREATE TABLE kv_mirror (
        bucket   TEXT NOT NULL,
        key      TEXT NOT NULL,
        value    BLOB,
        revision INTEGER NOT NULL,
        read_at  INTEGER NOT NULL,
        PRIMARY KEY (bucket, key)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

      -- schedule + job -> when it last succeeded here (taken over from the original's local_completions.json).
      CREATE TABLE completions (
        schedule_id  TEXT NOT NULL,
        job_id       TEXT NOT NULL,
        completed_at INTEGER NOT NULL,
        PRIMARY KEY (schedule_id, job_id)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE audit (
        entry   INTEGER PRIMARY KEY,
        at      INTEGER NOT NULL,
        account TEXT NOT NULL,
        action  TEXT NOT NULL,
        detail  TEXT NOT NULL
      ) STRICT;

      CREATE TABLE unlock_tries (
        account     TEXT PRIMARY KEY,
        failed      INTEGER NOT NULL,
        retry_at    INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 2,
    // A reader that knows nothing of it leaves it alone.
    minReader: 1,
    sql: `
      -- Which version of the agent came on the air here, and when: a row for each change.
      CREATE TABLE versions (entry INTEGER PRIMARY KEY, version TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
    `,
  },
];

export const LATEST_VERSION = MIGRATIONS.at(-1)?.version ?? 0;
