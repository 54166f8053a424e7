import { describe, expect, test } from 'vitest';
import { FACTS } from '../../../test/support/config-machine.ts';
import { renderTemplate } from './template.ts';
import { fnv1a64 } from './template-expression.ts';

function render(template: string, platform: NodeJS.Platform = 'linux'): string | string[] {
  const rendered = renderTemplate(template, { ...FACTS, platform });
  return rendered.ok ? rendered.text : rendered.problems.map((problem) => `${problem.line} ${problem.text}`);
}

function expectedOf(template: string): string[] {
  const rendered = renderTemplate(template, FACTS);
  return rendered.ok ? [] : rendered.problems.map((problem) => problem.expected);
}

describe('forms that are rendered', () => {
  const forms: [template: string, text: string][] = [
    [
      '{{ system.host }} {{system.os}} {{ system.arch}} {{ system.user }} {{ system.cwd }}',
      'PC-7 linux x86_64 taro /start',
    ],
    ['{{ home() }}/x {{ home( ) }}', '/home/taro/x /home/taro'],
    ['{{ env(name="SITE") }}', 'osaka'],
    ["{{ env(name='SITE') }}", 'osaka'],
    ['{{ env(name="EMPTY", default="x") }}', ''],
    ['{{ env(name="NONE", default="a, b=|c }}") }}', 'a, b=|c }}'],
    ["{{ env(default='it is \"so\"', name='NONE') }}", 'it is "so"'],
    ['{{ env(name="NONE", default=system.host) }}', 'PC-7'],
    ['[vars]\na = "x"\n[agent]\nid = "{{ vars.a }}"', '[vars]\na = "x"\n[agent]\nid = "x"'],
    ['{{ system.host | hash }}', String(fnv1a64('PC-7'))],
    ['{{ system.host | hash | port_offset(start=3000, range=1000) }}', String(3000n + (fnv1a64('PC-7') % 1000n))],
    ['{{ system.host|hash|port_offset(range=1,start=7) }}', '7'],
    ['a {{\n  system.host\n}} b', 'a PC-7 b'],
    ['x = { a = { b = 1 }}', 'x = { a = { b = 1 }}'],
    ['no template at all\r\n', 'no template at all\r\n'],
  ];
  test.each(forms)('%j', (template, text) => {
    expect(render(template)).toBe(text);
  });

  test('hash is FNV-1a with 64 bits', () => {
    // The test vectors of the FNV authors.
    expect([fnv1a64(''), fnv1a64('a'), fnv1a64('foobar')]).toEqual([
      0xcbf29ce484222325n,
      0xaf63dc4c8601ec8cn,
      0x85944171f73967e8n,
    ]);
  });

  const branches =
    '{% if is_windows() %}w{% else %}{% if is_mac() %}m{% else %}l{% endif %}{% endif %}{% if is_linux() %}!{% endif %}';
  test.each([
    ['win32', 'w'],
    ['darwin', 'm'],
    ['linux', 'l!'],
  ] as const)('the branch of %s', (platform, text) => {
    expect(render(branches, platform)).toBe(text);
  });

  test('what is not evaluated may be missing', () => {
    expect(render('{% if is_windows() %}{{ env(name="NONE") }}{% endif %}x')).toBe('x');
  });
});

describe('[vars]', () => {
  test('variables refer to one another in any order', () => {
    const text = render('[vars]\na = "{{ vars.b }}1"\nb = "{{ vars.c }}2"\nc = "3" # end\n[x]\ny = "{{ vars.a }}"');
    expect(text).toBe('[vars]\na = "321"\nb = "32"\nc = "3" # end\n[x]\ny = "321"');
  });

  test('the pattern of development machines works with either quotes', () => {
    const file = (name: string) =>
      render(
        `[vars]\nh = "{{ system.host }}"\nid = '{{ env(name="${name}", default=vars.h) }}'\n[agent]\nid = "{{ vars.id }}"`,
      );
    expect(file('NONE')).toContain('[agent]\nid = "PC-7"');
    expect(file('SITE')).toContain('[agent]\nid = "osaka"');
  });

  test('values are those of TOML: escapes, numbers, texts of several lines', () => {
    const text = render(
      '[vars]\na = "x\\\\y"\nn = 8\nt = """\nq"""\n\n[x]\n{{ vars.a }} {{ vars.n | port_offset(start=1, range=5) }} {{ vars.t }}',
    );
    expect(text).toMatch(/\[x\]\nx\\y 4 q$/);
  });

  test('a branch inside it counts', () => {
    expect(
      render('[vars]\n{% if is_windows() %}\na = "w"\n{% else %}\na = "l"\n{% endif %}\n[x]\n{{ vars.a }}'),
    ).toMatch(/\nl$/);
  });

  test('a chain over more than ten rounds is a problem', () => {
    const chain = (length: number) => {
      const names = Array.from({ length }, (_, i) => `v${i} = "{{ vars.v${i + 1} }}"`);
      return `[vars]\n${names.join('\n')}\nv${length} = "end"\n[x]\n{{ vars.v0 }}`;
    };
    expect(render(chain(9))).toMatch(/\nend$/);
    expect(render(chain(10))).toEqual(['2 vars.v0']);
  });

  test('a circle is one problem for each of its variables, and none for those who use them', () => {
    expect(render('[vars]\na = "{{ vars.b }}"\nb = "{{ vars.a }}"\n[x]\ny = "{{ vars.a }}"')).toEqual([
      '2 vars.a',
      '3 vars.b',
    ]);
  });

  test('an unset variable of the environment is one problem, where it stands', () => {
    const template = '[vars]\na = "{{ env(name=\'NONE\') }}"\n[x]\ny = "{{ vars.a }}"';
    expect(render(template)).toEqual(["2 {{ env(name='NONE') }}"]);
    expect(expectedOf(template)).toEqual(['the environment variable NONE to be set, or a default']);
  });

  test('a value that is no text has no use in a template', () => {
    expect(render('[vars]\na = [1]\n[x]\n{{ vars.a }}')).toEqual(['4 {{ vars.a }}']);
  });
});

describe('anything else is a problem with its line and text', () => {
  const forms: [template: string, problems: string[]][] = [
    ['a\n{{ now() }}', ['2 {{ now() }}']],
    ['# a comment counts: {{ nothing }}', ['1 {{ nothing }}']],
    ['{{ system.kernel }}', ['1 {{ system.kernel }}']],
    ['{{ vars.none }}', ['1 {{ vars.none }}']],
    ['{{ vars.a.b }}', ['1 {{ vars.a.b }}']],
    ['{{ "text" }}', ['1 {{ "text" }}']],
    ['{{}}', ['1 {{}}']],
    ['{{ system.host | upper }}', ['1 {{ system.host | upper }}']],
    ['{{ system.host | port_offset(start=1, range=2) }}', ['1 {{ system.host | port_offset(start=1, range=2) }}']],
    ['{{ system.host | hash | port_offset(start=1) }}', ['1 {{ system.host | hash | port_offset(start=1) }}']],
    [
      '{{ system.host | hash | port_offset(start=1, range=0) }}',
      ['1 {{ system.host | hash | port_offset(start=1, range=0) }}'],
    ],
    ['{{ env() }}', ['1 {{ env() }}']],
    ['{{ env("SITE") }}', ['1 {{ env("SITE") }}']],
    ['{{ env(name=SITE) }}', ['1 {{ env(name=SITE) }}']],
    ['{{ env(name="SITE", name="SITE") }}', ['1 {{ env(name="SITE", name="SITE") }}']],
    ['{{ env(name="SITE", other="x") }}', ['1 {{ env(name="SITE", other="x") }}']],
    ['{{ env(name="SITE", default=7) }}', ['1 {{ env(name="SITE", default=7) }}']],
    ['{{ home("x") }}', ['1 {{ home("x") }}']],
    ['{{- system.host -}}', ['1 {{- system.host -}}']],
    ['a\n\n{{ system.host', ['3 {{ system.host']],
    ['{# a comment #}', ['1 {# a comment #}']],
    ['{% set x = 1 %}', ['1 {% set x = 1 %}']],
    ['{% for a in b %}{% endfor %}', ['1 {% for a in b %}', '1 {% endfor %}']],
    ['{% if not is_linux() %}{% endif %}', ['1 {% if not is_linux() %}', '1 {% endif %}']],
    ['{% if is_linux() %}\nx', ['1 {% if is_linux() %}']],
    ['x\n{% endif %}', ['2 {% endif %}']],
    ['{% else %}', ['1 {% else %}']],
    ['{% if is_mac() %}{% else %}{% else %}{% endif %}', ['1 {% else %}']],
    ['{% if is_windows() %}\n{{ also.here }}\n{% endif %}', ['2 {{ also.here }}']],
    ['{% include "x" %}', ['1 {% include "x" %}']],
    [`{{ ${'x'.repeat(200)} }}`, [`1 {{ ${'x'.repeat(116)}…`]],
  ];
  test.each(forms)('%j', (template, problems) => {
    expect(render(template)).toEqual(problems);
  });
});
