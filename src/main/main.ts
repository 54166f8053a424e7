/**
 * The app shell's life: one per session, an icon or at least a window, and an end that leaves no agent of ours behind. A second
 * start opens the window of the first.
 */
import { homedir, uptime } from 'node:os';
import { join } from 'node:path';
import { app, Menu, nativeTheme, powerMonitor, protocol, session } from 'electron';
import { errorText } from '../base/logger.ts';
import { nativeCodeIsBeside, ownAccount, userName } from '../client/own-account.ts';
import { rendererFiles } from '../client/renderer-files.ts';
import type { Route } from '../shared/app-shell-contract.ts';
import { directoriesOf, startDirectory } from '../shared/directories.ts';
import type { Language } from '../shared/ui-view.ts';
import { SCHEME, serveRenderer } from './app-protocol.ts';
import { AppShell } from './app-shell.ts';
import { distDirectory } from './dist-directory.ts';
import { Host } from './host.ts';
import { nodeLauncher } from './launch-node.ts';
import { utilityLauncher } from './launch-utility.ts';
import { openAppLog } from './log.ts';
import { NotificationRules } from './notification-rules.ts';
import { Notifier } from './notifications.ts';
import { hostingOf, installationOf, pathsIn } from './paths.ts';
import { PreferencesFile } from './preferences.ts';
import { lockDownContents, lockDownSession } from './security.ts';
import { obeyedArguments, obeyedEnvironment } from './start-options.ts';
import { TrayIcon } from './tray.ts';
import { hasTrayHost } from './tray-host.ts';
import { MainWindow } from './window.ts';

const APP_ID = 'KanadeTray';
/** After the start of the PC a service may take its time; afterwards one that is not there is down (ui §2). */
const BOOT_MS = 5 * 60_000;
const STARTING_MS = 15_000;
/** An app shell that is not newer after that must not start itself again and again. */
const RELAUNCH_AFTER_SECS = 60;
const VERSION_POLL_MS = 30_000;
/** The operating system does not wait longer for a program that ends with it. */
const SHUTDOWN_MS = 3_000;

// By where our own code lies: a program can be copied and given another name.
const isPackaged = app.isPackaged || distDirectory().endsWith('.asar');
const env = obeyedEnvironment(process.env, isPackaged);
const { kept, refused } = obeyedArguments(process.argv.slice(1), isPackaged);
if (env.KANADE_TRAY_USER_DATA) app.setPath('userData', env.KANADE_TRAY_USER_DATA);
app.setAppUserModelId(APP_ID);
for (const name of refused) app.commandLine.removeSwitch(name);
// Whoever is root has no sandbox in Chromium, and then it must not be asked for either: tests in containers.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
const log = openAppLog(join(app.getPath('userData'), 'logs', 'shell.log'));
// The last line of defence: the agent must not die of a mistake in what only shows it.
process.on('uncaughtException', (error) => log.error('uncaught', error));
process.on('unhandledRejection', (error) => log.error('unhandled', error));
protocol.registerSchemesAsPrivileged([SCHEME]);

if (refused.length > 0) refuse(refused);
else if (app.requestSingleInstanceLock()) app.whenReady().then(start).catch(giveUp);
else app.quit();

/** Chromium has read its switches before us: with them there is no window that is ours. */
function refuse(names: readonly string[]): void {
  const text = `it does not run with ${names.map((name) => `--${name}`).join(', ')}`;
  log.error(text);
  console.error(`Kanade Tray: ${text}`);
  app.exit(1);
}

/** Better no program than one that shows nothing and hosts nothing. */
function giveUp(error: unknown): void {
  log.error('it can not start', error);
  console.error(`Kanade Tray can not start: ${errorText(error)}`);
  app.exit(1);
}

async function start(): Promise<void> {
  const paths = pathsIn(distDirectory());
  const hosting = hostingOf(env, process.resourcesPath);
  const installation = installationOf(process.resourcesPath);
  if (installation !== null) nativeCodeIsBeside(installation.nativeCode);
  const { agentDir } = directoriesOf({
    startedAs: hosting,
    platform: process.platform,
    env,
    cwd: startDirectory(),
    home: homedir(),
  });
  Menu.setApplicationMenu(null);
  lockDownContents(app, log);
  lockDownSession(session.defaultSession);
  serveRenderer(protocol, rendererFiles(paths.renderer));

  const preferences = new PreferencesFile(join(app.getPath('userData'), 'preferences.json'), log);
  const rules = new NotificationRules();
  const host = hosting === 'tray' ? makeHost(installation?.agentMain ?? paths.agentMain) : null;
  const bootedAtMs = performance.now() - uptime() * 1_000;
  const appShell = new AppShell({
    agentDir,
    account: await ownAccount((error) => log.error('who we are is not known yet', error)),
    userName: userName(),
    host,
    startingUntilMs:
      host === null ? Math.max(bootedAtMs + BOOT_MS, performance.now() + STARTING_MS) : performance.now() + STARTING_MS,
    preferences,
    rules,
    systemLanguage,
    log,
    onChange: () => refresh(),
    onOpen: (route) => open(route),
    onQuitIcon: () => quitIcon(),
    onStopManagement: () => app.quit(),
  });
  appShell.agentConnection.watch(() => log.info(`the agent is ${appShell.agentConnection.view.state}`));
  const window = new MainWindow({
    preload: paths.preload,
    icon: paths.icon,
    log,
    title: () => appShell.name,
    progress: () => appShell.progress(),
    size: () => preferences.value.window,
    onSize: (size) => preferences.set({ window: size }),
    serve: (link, route, onHung) => appShell.serve(link, route, onHung),
    onClosed: () => refresh(),
  });
  const icon = new TrayIcon({
    pictures: paths.trayPictures,
    isSigned: installation?.isSigned === true,
    onOpen: () => open({ screen: 'status' }),
    onAction: (action) => appShell.act(action),
  });
  const notifier = new Notifier({
    rules,
    i18n: () => appShell.i18n,
    icon: paths.icon,
    onClick: (route) => open(route),
  });
  let quitted = false;

  const open = (route: Route) => {
    quitted = false;
    refresh();
    window.open(route);
  };
  const refresh = () => {
    if (appShell.showsTray && !quitted) icon.show(appShell.model());
    else icon.hide();
    window.changed();
    notifier.flush();
    if (isOutdated()) relaunch();
  };
  // Another version has been installed: nobody looks, nothing runs here, so it may take over.
  const isReplaced = () => {
    const current = installation?.current() ?? null;
    return current !== null && current !== app.getVersion();
  };
  const isOutdated = () =>
    !window.isOpen &&
    process.uptime() > RELAUNCH_AFTER_SECS &&
    (hosting === 'service'
      ? appShell.agentConnection.view.state === 'incompatible' || isReplaced()
      : isReplaced() && !appShell.isBusy);
  const relaunch = () => {
    log.info('starting anew, as another version is installed');
    const args = [...kept.filter((arg) => arg !== '--hidden'), '--hidden'];
    app.relaunch({ args, ...(installation?.starter ? { execPath: installation.starter } : {}) });
    app.quit();
  };
  const quitIcon = () => {
    window.close();
    if (hosting === 'service') {
      app.quit();
      return;
    }
    quitted = true;
    refresh();
  };

  app.on('second-instance', (_event, argv) => {
    if (!isHidden(argv)) open({ screen: 'status' });
  });
  // Closing the window is not the end: the icon and the agent stay.
  app.on('window-all-closed', () => {});
  nativeTheme.on('updated', () => window.changed());
  endWithAgent(host, () => {
    notifier.close();
    icon.hide();
    appShell.close();
  });

  setInterval(() => isOutdated() && relaunch(), VERSION_POLL_MS).unref();
  host?.start(appShell.agentConnection, refresh);
  refresh();
  if (!isHidden(process.argv) || !(await hasTrayHost())) window.open({ screen: 'status' });
}

/** An agent of ours ends before we do, in an orderly way; the operating system's own end leaves less time. */
function endWithAgent(host: Host | null, close: () => void): void {
  let ended = false;
  let withinMs: number | undefined;
  powerMonitor.on('shutdown', () => {
    withinMs = SHUTDOWN_MS;
    app.quit();
  });
  app.on('before-quit', (event) => {
    if (ended) return;
    event.preventDefault();
    const stopped = host === null ? Promise.resolve() : host.stop(withinMs);
    stopped
      .catch((error: unknown) => log.error('stopping the agent', error))
      .finally(() => {
        ended = true;
        close();
        app.exit(0);
      });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => app.quit());
}

function makeHost(agentMain: string): Host {
  const { KANADE_TRAY_NODE: node, KANADE_TRAY_AGENT_CONFIG: config } = env;
  const args = ['--tray', ...(config ? ['--config', config] : [])];
  const launcher = node ? nodeLauncher(node, agentMain) : utilityLauncher(agentMain);
  return new Host({ launcher, args, env: definedOnly(env), log });
}

function definedOnly(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Started with the session: only the icon. */
function isHidden(argv: readonly string[]): boolean {
  return argv.includes('--hidden');
}

function systemLanguage(): Language {
  const [first = app.getLocale()] = app.getPreferredSystemLanguages();
  return first.toLowerCase().startsWith('ja') ? 'ja' : 'en';
}
