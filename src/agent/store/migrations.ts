/**
 * The schema, as numbered steps. A step is never changed once released; the next one is added.
 *
 * `minReader` is the oldest schema number whose release can still work on a file that this step has touched. The
 * previous release always can, so that an upgrade which is undone loses no row (architecture §6).
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
  {
    version: 3,
    // The release before works by the same columns; what is new has a default, or is a table of its own.
    minReader: 1,
    sql: `
      -- A run's number is never given twice, whatever was pruned, also by the release before. Only the text of the table says
      -- so, and its rows are the same: no copy of it is made, for which there may be no room.
      PRAGMA writable_schema=ON;
      UPDATE sqlite_schema SET sql = replace(sql, 'INTEGER PRIMARY KEY,', 'INTEGER PRIMARY KEY AUTOINCREMENT,') WHERE name = 'runs';
      PRAGMA writable_schema=RESET;
      INSERT INTO sqlite_sequence (name, seq) SELECT 'runs', max(
        (SELECT coalesce(max(run), 0) FROM runs),
        (SELECT coalesce(max(run), 0) FROM ledger),
        (SELECT coalesce(max(run), 0) FROM outbox));
      -- When it was received by the broker's clock: age is never told by the clock of this PC alone.
      ALTER TABLE runs ADD COLUMN server_at INTEGER;
      ALTER TABLE runs ADD COLUMN bypass INTEGER;
      CREATE INDEX runs_state ON runs (state, run) WHERE state <> 'finished';
      CREATE INDEX runs_kill ON runs (run) WHERE kill_at IS NOT NULL AND state <> 'finished';
      CREATE INDEX runs_server ON runs (server_at) WHERE server_at IS NOT NULL;

      ALTER TABLE ledger ADD COLUMN server_at INTEGER;
      DROP INDEX ledger_age;
      CREATE INDEX ledger_server ON ledger (server_at) WHERE server_at IS NOT NULL;
      CREATE INDEX ledger_run ON ledger (run);

      -- Not before, in ms since the start of the system; a new connection makes every row due. It stands behind the body, as do
      -- parked_at and parked_why: what has to be decided is read from the indexes, not from a row with a large body.
      ALTER TABLE outbox ADD COLUMN next_try_at INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX outbox_due ON outbox ((kind = 'result'), seq, next_try_at);
      CREATE INDEX outbox_later ON outbox ((kind = 'result'), next_try_at) WHERE next_try_at > 0;
      CREATE INDEX outbox_run ON outbox (run);
      CREATE INDEX outbox_parked ON outbox (kind, id, parked_at, parked_why) WHERE parked_at IS NOT NULL;

      -- How long a run waits, by a clock that nobody sets: 'jitter' until its start, 'user' for somebody to sign in.
      CREATE TABLE waits (
        run      INTEGER NOT NULL,
        kind     TEXT NOT NULL,
        until_up INTEGER NOT NULL,
        boot     TEXT,
        until_at INTEGER NOT NULL,
        asked_ms INTEGER NOT NULL,
        PRIMARY KEY (run, kind)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX waits_due ON waits (kind, until_up);

      -- Executions that IT wants stopped, for as long as a command of theirs can still come.
      CREATE TABLE kills (
        entry     INTEGER PRIMARY KEY AUTOINCREMENT,
        exec_id   TEXT NOT NULL UNIQUE,
        at        INTEGER NOT NULL,
        server_at INTEGER
      ) STRICT;
      CREATE INDEX runs_exec ON runs (exec_id) WHERE exec_id IS NOT NULL AND state <> 'finished';

      ALTER TABLE kv_mirror ADD COLUMN read_up INTEGER;
      ALTER TABLE kv_mirror ADD COLUMN read_boot TEXT;
    `,
  },
  {
    version: 4,
    // What is new may be missing, and the release before knows nothing of it.
    minReader: 1,
    sql: `
      -- The schedule of this PC that has fired the run.
      ALTER TABLE runs ADD COLUMN schedule_id TEXT;
      CREATE INDEX runs_schedule ON runs (schedule_id, run) WHERE schedule_id IS NOT NULL;
      CREATE INDEX runs_schedule_open ON runs (schedule_id) WHERE schedule_id IS NOT NULL AND state <> 'finished';

      -- boot: the start of the system for which it was fired. skipped_*: the newest fire that was left out.
      CREATE TABLE schedule_state (
        schedule_id  TEXT PRIMARY KEY,
        boot         TEXT,
        skipped_why  TEXT,
        skipped_note TEXT,
        skipped_at   INTEGER,
        skips        INTEGER NOT NULL DEFAULT 0
      ) STRICT, WITHOUT ROWID;

      -- Versions of a job with which a run of the schedule has succeeded. An empty schedule in completions is the job itself.
      CREATE TABLE completed_versions (
        schedule_id TEXT NOT NULL,
        job_id      TEXT NOT NULL,
        version     TEXT NOT NULL,
        PRIMARY KEY (schedule_id, job_id, version)
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 5,
    // The release before checks no signatures, and leaves these empty.
    minReader: 1,
    sql: `
      -- What was found of the signature of a command, and whose it is; null: nobody looked.
      ALTER TABLE runs ADD COLUMN signature TEXT;
      ALTER TABLE runs ADD COLUMN signed_by TEXT;
    `,
  },
  {
    version: 6,
    // Tables of their own, that the release before leaves alone.
    minReader: 1,
    sql: `
      -- What was last taken of what is signed for updates: nothing older is ever taken (update/manifest.ts). trust: whose keys.
      CREATE TABLE update_keys (trust TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE update_manifests (
        trust   TEXT NOT NULL,
        channel TEXT NOT NULL,
        serial  INTEGER NOT NULL,
        digest  TEXT NOT NULL,
        key_set TEXT NOT NULL,
        PRIMARY KEY (trust, channel)
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 7,
    // The release before works by whatever indexes there are.
    minReader: 1,
    sql: `
      -- What days are counted by: all that is asked of a run then is in it.
      DROP INDEX runs_received;
      CREATE INDEX runs_received ON runs (received_at, reason, run_as, run_as_user);
    `,
  },
  {
    version: 8,
    // An index and a table of its own: the release before keeps the one, and leaves the other alone.
    minReader: 1,
    sql: `
      -- What ended otherwise than well, by when it came: found without a look at all that went well.
      CREATE INDEX runs_not_done ON runs (received_at, reason, manifest_id) WHERE reason <> 'DONE';

      -- How the link to the broker was: a row for each change, good for what is known from its first moment to its last. Between two
      -- rows nothing is known: the agent was off, or the PC slept.
      CREATE TABLE link_states (
        entry    INTEGER PRIMARY KEY,
        state    TEXT NOT NULL,
        why      TEXT,
        from_at  INTEGER NOT NULL,
        until_at INTEGER NOT NULL
      ) STRICT;
    `,
  },
  {
    version: 9,
    // The release before leaves the column empty: what waits by it only goes through the gates once more.
    minReader: 1,
    sql: `
      -- 1: it waits to be asked for again, or has waited for that ('retry' in waits). What is new is found without a look at all those.
      ALTER TABLE runs ADD COLUMN waits_retry INTEGER;
      UPDATE runs SET waits_retry = 1 WHERE run IN (SELECT run FROM waits WHERE kind = 'retry');
      CREATE INDEX runs_gate ON runs (state, waits_retry, run) WHERE state = 'admitted';
    `,
  },
  {
    version: 10,
    // The release before leaves the column empty: it is noted again with the next wait.
    minReader: 1,
    sql: `
      -- Of a script in the object store: so many bytes of it have come at most. null: it is in the command, or nobody has looked.
      ALTER TABLE runs ADD COLUMN script_read INTEGER;
    `,
  },
];

export const LATEST_VERSION = MIGRATIONS.at(-1)?.version ?? 0;
