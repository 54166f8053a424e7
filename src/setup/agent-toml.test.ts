import { expect, it } from 'vitest';
import { flatSettings, withSettings } from './agent-toml.ts';

const BEFORE = `# of IT
[agent]
id = "PC-1"   # by hand
nats_url = "nats://old:4222"

[vars]
id = "not this one"
`;

it('changes a key in its table, and leaves the rest as it is', () => {
  expect(withSettings(BEFORE, { 'agent.nats_url': 'nats://new:4222' })).toBe(BEFORE.replace('old', 'new'));
  expect(withSettings(BEFORE, { 'agent.id': 'PC-2' })).toContain('[vars]\nid = "not this one"');
});

it('adds keys and tables that are not there', () => {
  expect(withSettings(BEFORE, { 'agent.host': 'service' })).toContain('[agent]\nhost = "service"\nid = "PC-1"');
  expect(withSettings(BEFORE, { 'ui.show_tray': false })).toBe(`${BEFORE}\n[ui]\nshow_tray = false\n`);
  expect(withSettings('', { 'log.level': 'info', 'log.keep_days': 3 })).toBe('[log]\nkeep_days = 3\nlevel = "info"\n');
});

it('writes what TOML reads again, whatever is in it', () => {
  const path = 'C:\\Pro"gram\\new\tline';
  const written = withSettings('', { 'log.path': path });
  expect(flatSettings(written)).toEqual({ ok: true, values: { 'log.path': path } });
});

it('writes a key that stands for itself alone, whatever is in it', () => {
  for (const key of ["x = '''\ny", "]\nnats_url = 'nats://evil:4222'\n[a", 'n.*', '"', '#', 'ä'])
    for (const name of [`agent.${key}`, `${key.replaceAll('.', '-')}.key`]) {
      const written = flatSettings(withSettings(BEFORE, { [name]: 1 }));
      const before = flatSettings(BEFORE);
      expect(written).toEqual({ ok: true, values: { ...(before.ok ? before.values : {}), [name]: 1 } });
      expect(withSettings(withSettings(BEFORE, { [name]: 1 }), { [name]: 2 })).toBe(
        withSettings(BEFORE, { [name]: 2 }),
      );
    }
});

it('finds a key and a table however they are written', () => {
  const toml = `["agent"]\n'id' = "PC-1"\n`;
  expect(withSettings(toml, { 'agent.id': 'PC-2' })).toBe('["agent"]\nid = "PC-2"\n');
});

it('keeps the line ends of nobody, and lines that it can not read', () => {
  expect(withSettings('[agent]\r\nid = "a"\r\nwhat is this\r\n', { 'agent.id': 'b' })).toBe(
    '[agent]\nid = "b"\nwhat is this\n',
  );
});

it('names the line of what is no TOML', () => {
  expect(flatSettings('[agent]\nid = \n')).toMatchObject({ ok: false, line: 2 });
});
