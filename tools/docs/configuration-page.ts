/** docs/configuration.md, made from the one table of settings. */
import { SETTING_KEYS, settingOf } from '../../src/agent/config/settings.ts';
import { formatDuration } from '../../src/agent/wire/humantime.ts';
import type { Setting } from '../../src/shared/setting.ts';
import { NS_PER_MS } from '../../src/shared/time-units.ts';

const HEAD = `# Settings

<!-- Made from src/agent/config/settings.ts by \`npm run docs\`; do not edit. -->

The agent reads \`agent.toml\`: the file of \`--config\`, else of \`$KANADE_AGENT_CONFIG\`, else \`agent.toml\` in the configuration
directory (\`/etc/kanade\`, \`%ProgramData%\\Kanade\\config\`). It is the file of the original agent; tables and keys that are ours are
ignored by it. A policy counts more than the file, the file more than the fleet, the fleet more than what is built in. Where a
setting is marked as raised only, the strictest value that any source names counts.

\`node dist/agent/main.js --check-config\` prints every setting with its value and where it comes from, and ends with 0 if they are
usable, else with 1 and one line for each problem: file, line, key, what was expected.

Policies: \`/etc/kanade-tray/policy.json\` (a JSON object; owned by root and writable by nobody else), or values under
\`HKLM\\SOFTWARE\\Policies\\Kanade Tray\`.

What can't be understood is never taken for "not set": a setting or a policy of another kind than expected, a policy file that
others could have written or that can't be read, and a \`RequireSignedCommands\` that is neither a plain yes nor a plain no are
problems, and an agent with a problem in its settings takes no command. Only names, logo and contact lines are left out instead, with a
warning. (\`policy.json\` must be readable for people where their tray hosts the agent.)

The hash of the helpdesk code belongs where people on the PC can't read it: who has it can try all codes of eight digits in weeks.
It is taken from the first of these that is there: the file named in \`[helpdesk] code_hash_file\` (mode 0600, of root; on
Windows for SYSTEM and the Administrators), the registry value \`HelpdeskCodeHash\` under \`HKLM\\SOFTWARE\\kanade\\agent\`,
and then the policy and \`[helpdesk] code_hash\`, which still work with a warning where others can read them.

The sign-in to the broker is read again for each try, and taken from the first of these that is there: the files named in
\`[auth]\`, the registry values \`NatsUser\` and \`NatsPassword\` or \`NatsToken\` under \`HKLM\\SOFTWARE\\kanade\\agent\`, the variables
\`KANADE_NATS_USER\` and \`KANADE_NATS_PASSWORD\` or \`KANADE_NATS_TOKEN\`, the server list itself. Where there are both a pair of user and
password and a token, as in a fleet on its way from one to the other, the pair is tried first, and the token when the broker refuses
the pair. Half a pair is a problem, and says what is missing.

| setting | values | built in | policy | what it is |
|---|---|---|---|---|
`;

/** The whole page. */
export function configurationPage(): string {
  return HEAD + SETTING_KEYS.map((key) => row(key, settingOf(key))).join('');
}

function row(key: string, setting: Setting): string {
  const marks = [setting.required ? 'required' : null, setting.raise ? 'raised only' : null].filter(Boolean);
  const about = marks.length === 0 ? setting.about : `${setting.about} (${marks.join(', ')})`;
  const [table, name] = key.split('.');
  const shown = setting.policyOnly ? 'policy only' : `\`[${table}] ${name}\``;
  // Its built-in value depends on the machine.
  const byMachine = key === 'run.max_parallel';
  const cells = [
    shown,
    values(setting),
    byMachine ? 'by the cores' : builtIn(setting),
    setting.policy?.name ?? '',
    about,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

function values(setting: Setting): string {
  switch (setting.kind) {
    case 'boolean':
      return 'true, false';
    case 'choice':
      return setting.choices.join(', ');
    case 'integer':
      return `${setting.min} to ${setting.max} ${setting.unit}`;
    case 'duration':
      return `a duration from ${durationText(setting.min)} to ${durationText(setting.max)}`;
    case 'pc_id':
      return 'letters, digits, `-`, `_`, up to four parts joined by dots, 64 characters';
    case 'servers':
      return '`nats://`, `tls://`, `wss://` addresses, separated by commas';
    case 'log_level':
      return 'error, warn, info, debug';
    case 'path':
      return 'a path';
    case 'https_url':
      return 'an https address';
    case 'mail':
      return 'a mail address';
    case 'daily_window':
      return 'two times of day, `22:00-05:00`';
    case 'moment':
      return 'a day, `2026-12-24`, or a time of RFC 3339';
    case 'code_hash':
      return 'what `--hash-code` prints';
    case 'text':
      return `text of at most ${setting.maxChars} characters`;
  }
}

function builtIn(setting: Setting): string {
  if (setting.default === null) return '';
  return setting.kind === 'duration' ? durationText(setting.default) : String(setting.default);
}

function durationText(ms: number): string {
  return formatDuration(BigInt(ms) * NS_PER_MS);
}
