/** The Debian package where people install it. There is no systemd in it: the service is started by the unit's own line. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command, provisionedOperator, publishCommand, waitForResult } from '../../test/support/fleet.ts';
import { type NatsServer, startNatsServer } from '../../test/support/nats-server.ts';
import { DEBIAN, Debian } from './debian.ts';

const UNIT = '/lib/systemd/system/kanade-tray-agent.service';
const LIBRARY = '/usr/lib/kanade-tray';
/** As a person of the desktop: the application, and what is on the screen after a while. */
const SHOW = `#!/bin/sh
cd
export XDG_RUNTIME_DIR=/run/user/$(id -u)
cat > inside <<'END'
timeout -k 5 25 kanade-tray > shell.txt 2>&1 &
for i in $(seq 60); do
  xwininfo -root -tree > windows.txt
  grep -q '"Kanade Tray"' windows.txt && break
  sleep 0.25
done
sleep 4
import -window root shown.png
END
exec xvfb-run -a -s '-screen 0 1280x800x24' dbus-run-session sh inside
`;
const roots = Object.entries(DEBIAN?.roots ?? { 'no Debian': '' });

describe.skipIf(DEBIAN === null).each(roots)('on %s', (release, root) => {
  const pcId = `PC-${release}`;
  let debian: Debian;
  let broker: NatsServer;
  let packages: { current: string; next: string };
  beforeAll(async () => {
    debian = await Debian.create(root);
    broker = await startNatsServer();
    const { current = '', next = '' } = DEBIAN?.packages ?? {};
    packages = { current: debian.addPackage(current), next: debian.addPackage(next) };
  });
  afterAll(async () => {
    debian.dispose();
    await broker.stop();
  });

  /** Runs the agent as its unit says, for as long as `work` takes. */
  async function whileServing(work: () => Promise<void>): Promise<void> {
    const { output: unit } = await debian.run(`cat ${UNIT}`);
    const line = /^ExecStart=(.*)$/m.exec(unit)?.[1] ?? '';
    const agent = debian.start(`export JOURNAL_STREAM=1:1; exec ${line}`);
    try {
      await work();
    } finally {
      agent.kill('SIGTERM');
      const { code, output } = await agent.ended;
      expect(code, output).toBe(0);
      expect(output).toContain('<6>event 1000: ');
      expect(output).toContain('<6>event 1001: ');
    }
  }

  async function expectAnswers(): Promise<void> {
    const operator = await provisionedOperator(broker);
    const hello = command({ shell: 'sh', script: 'echo hello from $(id -un)' });
    await publishCommand(operator, `commands.pc.${pcId}`, hello);
    const result = await waitForResult(operator, hello.request_id);
    expect(result).toMatchObject({ exit_code: 0, stdout: 'hello from root\n' });
  }

  it('is installed; its service starts with the system', async () => {
    const { code, output } = await debian.run(`dpkg -i ${packages.current}`);
    expect(code, output).toBe(0);
    expect(debian.read(`${LIBRARY}/app/resources/host.json`)).toBe('{"host":"service"}\n');
    const wanted = '/etc/systemd/system/multi-user.target.wants/kanade-tray-agent.service';
    expect((await debian.run(`readlink ${wanted}; stat -c %a:%U ${LIBRARY}/app/chrome-sandbox`)).output).toBe(
      `${UNIT}\n4755:root\n`,
    );
    const checked = await debian.run(`systemd-analyze verify ${UNIT}`);
    expect(checked.output).toBe('');
    expect(checked.code).toBe(0);
  });

  it('its agent works by the line of the unit', async () => {
    debian.put(
      '/etc/kanade/agent.toml',
      `[agent]\nid = "${pcId}"\nnats_url = "${broker.url}"\n\n[log]\npath = "/var/log/kanade/agent.log"\nlevel = "info"\n`,
    );
    await whileServing(expectAnswers);
  });

  it('its window opens for a person, with the sandbox, and finds the agent', { timeout: 120_000 }, async () => {
    // As systemd does it at a sign-in.
    await debian.run('id=$(id -u person); mkdir -p /run/user; install -d -o person -m 700 /run/user/$id');
    await whileServing(async () => {
      await expectAnswers();
      debian.put('/usr/local/bin/show', SHOW);
      const { output } = await debian.run('chmod 755 /usr/local/bin/show && su person -c show', 60_000);
      const said = debian.has('/home/person/shell.txt') ? debian.read('/home/person/shell.txt') : output;
      expect(debian.read('/home/person/windows.txt'), said).toContain('"Kanade Tray"');
      expect((await debian.run('cat /home/person/.config/*/logs/shell.log')).output).toContain('the agent is attached');
      expect(said).not.toMatch(/no-sandbox|can not start/);
    });
  });

  it('its application obeys no variable for tests, and does not run with a switch of Chromium', {
    timeout: 120_000,
  }, async () => {
    const shown = async (start: string) => {
      debian.put('/usr/local/bin/show', SHOW.replace(' kanade-tray >', ` ${start} >`));
      await debian.run('rm -rf /home/person/.config /home/person/windows.txt; su person -c show', 60_000);
      return { said: debian.read('/home/person/shell.txt'), windows: debian.read('/home/person/windows.txt') };
    };
    const refused = await shown('kanade-tray --remote-debugging-port=9333 --js-flags=--expose-gc --no-sandbox');
    expect(refused.said).toContain('it does not run with --remote-debugging-port, --js-flags, --no-sandbox');
    expect(refused.said).not.toContain('DevTools listening');
    expect(refused.windows).not.toContain('"Kanade Tray"');

    const elsewhere = '/home/person/elsewhere';
    const ours = `KANADE_TRAY_USER_DATA=${elsewhere} KANADE_TRAY_HOST=tray KANADE_TRAY_NODE=/bin/false`;
    expect((await shown(`env ${ours} kanade-tray`)).windows).toContain('"Kanade Tray"');
    expect(debian.has(elsewhere)).toBe(false);
    const log = (await debian.run('cat /home/person/.config/*/logs/shell.log')).output;
    // Hosted by the service, as the package says: the app shell has started none of its own.
    expect(log).not.toContain('the agent is started');
  });

  it('is upgraded; what it knows stays, and who hosts the agent is what the first installation has said', async () => {
    const { code, output } = await debian.run(`KANADE_TRAY_MODE=tray dpkg -i ${packages.next}`);
    expect(code, output).toBe(0);
    expect(debian.read('/etc/kanade-tray/mode')).toBe('service\n');
    expect(debian.read(`${LIBRARY}/app/resources/host.json`)).toBe('{"host":"service"}\n');
    expect((await debian.run('dpkg-query -W kanade-tray')).output).toBe('kanade-tray\t9.1.0\n');
    expect(debian.names('/var/lib/kanade/kanade-tray')).toContain('store.db');
    await whileServing(expectAnswers);
  });

  it('is removed; settings and history stay', async () => {
    const { code, output } = await debian.run('dpkg -r kanade-tray');
    expect(code, output).toBe(0);
    expect((await debian.run(`ls ${LIBRARY}`)).code).not.toBe(0);
    expect(debian.has('/etc/kanade/agent.toml')).toBe(true);
    expect(debian.names('/var/lib/kanade/kanade-tray')).toContain('store.db');
  });

  it('is purged: nothing of it stays', async () => {
    const { code, output } = await debian.run('dpkg -P kanade-tray');
    expect(code, output).toBe(0);
    const left = await debian.run(
      'find / -xdev -iname "*kanade*" -not -path "/packages*" -not -path "/proc/*" -not -path "/run/*" -not -path "/home/*" -not -path "/tmp/*"',
    );
    expect(left.output.split('\n').filter((line) => line !== '' && !line.startsWith('/kanade-tray-ready'))).toEqual([]);
  });

  it('in tray mode has no service', async () => {
    expect((await debian.run(`KANADE_TRAY_MODE=cloud dpkg -i ${packages.current}`)).output).toContain(
      'is service or tray',
    );
    const { code, output } = await debian.run(`KANADE_TRAY_MODE=tray dpkg -i ${packages.current}`);
    expect(code, output).toBe(0);
    expect(debian.read(`${LIBRARY}/app/resources/host.json`)).toBe('{"host":"tray"}\n');
    expect(
      (await debian.run('ls /etc/systemd/system/multi-user.target.wants/kanade-tray-agent.service')).code,
    ).not.toBe(0);
    expect((await debian.run('dpkg -P kanade-tray')).code).toBe(0);
  });
});
