/** Group policy templates and the example of policy.json, made from the one table of settings (deploy §4). */
import { SETTING_KEYS, type SettingKey, settingOf } from '../../src/agent/config/settings.ts';
import { POLICY_KEY } from '../../src/platform/policies.ts';
import type { Setting } from '../../src/shared/setting.ts';
import { CATEGORY_TEXTS, LEVEL_TEXTS, POLICY_TEXTS, SUPPORTED_TEXT } from './policy-texts.ts';

type Language = 'en' | 'ja';
type Category = Exclude<keyof typeof CATEGORY_TEXTS, 'KanadeTray'>;

interface Policy {
  readonly name: string;
  readonly key: SettingKey;
  readonly setting: Setting;
  readonly category: Category;
}

const REVISION = '1.0';
const SCHEMA = 'http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions';
/** What Windows allows in a text of a policy. */
const LONGEST_TEXT = 1023;

export const POLICIES: readonly Policy[] = SETTING_KEYS.flatMap((key) => {
  const setting = settingOf(key);
  const name = setting.policy?.name;
  return name === undefined ? [] : [{ name, key, setting, category: categoryOf(key) }];
});

function categoryOf(key: SettingKey): Category {
  const table = key.slice(0, key.indexOf('.'));
  if (table === 'ui') return 'window';
  return table === 'brand' || table === 'support' ? 'support' : 'agent';
}

/** All files by their paths in the project. */
export function policyTemplates(): Readonly<Record<string, string>> {
  return {
    'policies/kanade-tray.admx': admx(),
    'policies/en-US/kanade-tray.adml': adml('en'),
    'policies/ja-JP/kanade-tray.adml': adml('ja'),
    'policies/policy.example.json': `${JSON.stringify(exampleOf(POLICIES), null, 2)}\n`,
  };
}

/** A policy that is only on or off has no field of its own. */
function isSwitch({ setting }: Policy): boolean {
  return setting.kind === 'boolean' || setting.policy?.on !== undefined;
}

function admx(): string {
  const categories = (Object.keys(CATEGORY_TEXTS) as (keyof typeof CATEGORY_TEXTS)[]).map((name) => {
    const parent = name === 'KanadeTray' ? '' : '<parentCategory ref="KanadeTray" />';
    return `    <category name="${name}" displayName="$(string.Category_${name})">${parent}</category>`;
  });
  return `<?xml version="1.0" encoding="utf-8"?>
<!-- Made from src/agent/config/settings.ts by \`npm run docs\`; do not edit. -->
<policyDefinitions xmlns="${SCHEMA}" revision="${REVISION}" schemaVersion="1.0">
  <policyNamespaces>
    <target prefix="kanadetray" namespace="KanadeTray.Policies" />
    <using prefix="windows" namespace="Microsoft.Policies.Windows" />
  </policyNamespaces>
  <resources minRequiredRevision="${REVISION}" />
  <supportedOn>
    <definitions>
      <definition name="Supported" displayName="$(string.Supported)" />
    </definitions>
  </supportedOn>
  <categories>
${categories.join('\n')}
  </categories>
  <policies>
${POLICIES.map(policyElement).join('\n')}
  </policies>
</policyDefinitions>
`;
}

function policyElement(policy: Policy): string {
  const { name, category } = policy;
  const own = isSwitch(policy) ? ` valueName="${name}"` : ` presentation="$(presentation.${name})"`;
  const about = `displayName="$(string.${name})" explainText="$(string.${name}_Explain)" key="${POLICY_KEY}"${own}`;
  const inside = isSwitch(policy)
    ? ['<enabledValue><decimal value="1" /></enabledValue>', '<disabledValue><decimal value="0" /></disabledValue>']
    : ['<elements>', `  ${fieldOf(policy)}`, '</elements>'];
  const lines = [`<parentCategory ref="${category}" />`, '<supportedOn ref="Supported" />', ...inside];
  return `    <policy name="${name}" class="Machine" ${about}>
${lines.map((line) => `      ${line}`).join('\n')}
    </policy>`;
}

function fieldOf({ name, setting }: Policy): string {
  const id = `id="${name}" valueName="${name}"`;
  const levels = LEVEL_TEXTS[name];
  if (levels !== undefined) {
    const items = levels.en.map((_text, level) => itemOf(`${name}_${level}`, `<decimal value="${level}" />`));
    return `<enum ${id} required="true">${items.join('')}</enum>`;
  }
  switch (setting.kind) {
    case 'integer':
      return `<decimal ${id} required="true" minValue="${setting.min}" maxValue="${setting.max}" />`;
    case 'choice': {
      const items = setting.choices.map((choice) => itemOf(`${name}_${choice}`, `<string>${choice}</string>`));
      return `<enum ${id} required="true">${items.join('')}</enum>`;
    }
    // A flag has no field.
    case 'boolean':
    case 'duration':
    case 'pc_id':
    case 'servers':
    case 'log_level':
    case 'text':
    case 'path':
    case 'https_url':
    case 'mail':
    case 'code_hash':
    case 'daily_window':
    case 'moment':
      return `<text ${id} required="true" maxLength="${setting.kind === 'text' ? setting.maxChars : LONGEST_TEXT}" />`;
  }
}

function itemOf(string: string, value: string): string {
  return `<item displayName="$(string.${string})"><value>${value}</value></item>`;
}

function adml(language: Language): string {
  const strings: [string, string][] = [
    ['Supported', SUPPORTED_TEXT[language]],
    ...Object.entries(CATEGORY_TEXTS).map(([name, text]): [string, string] => [`Category_${name}`, text[language]]),
    ...POLICIES.flatMap((policy) => stringsOf(policy, language)),
  ];
  const presentations = POLICIES.filter((policy) => !isSwitch(policy)).map((policy) =>
    presentationOf(policy, language),
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<!-- Made from tools/docs/policy-texts.ts by \`npm run docs\`; do not edit. -->
<policyDefinitionResources xmlns="${SCHEMA}" revision="${REVISION}" schemaVersion="1.0">
  <displayName>Kanade Tray</displayName>
  <description>Kanade Tray</description>
  <resources>
    <stringTable>
${strings.map(([id, text]) => `      <string id="${id}">${escaped(text)}</string>`).join('\n')}
    </stringTable>
    <presentationTable>
${presentations.join('\n')}
    </presentationTable>
  </resources>
</policyDefinitionResources>
`;
}

function textOf(name: string, language: Language) {
  const text = POLICY_TEXTS[name];
  if (text === undefined) throw new Error(`the policy ${name} has no texts`);
  return text[language];
}

function stringsOf({ name, setting }: Policy, language: Language): [string, string][] {
  const { name: shown, explain } = textOf(name, language);
  const levels = LEVEL_TEXTS[name]?.[language].map((text, level): [string, string] => [`${name}_${level}`, text]);
  const choices =
    setting.kind === 'choice' && setting.policy?.on === undefined
      ? setting.choices.map((choice): [string, string] => [`${name}_${choice}`, choice])
      : [];
  return [[name, shown], [`${name}_Explain`, explain], ...(levels ?? choices)];
}

function presentationOf({ name, setting }: Policy, language: Language): string {
  const label = escaped(textOf(name, language).name);
  const isList = setting.kind === 'choice' || LEVEL_TEXTS[name] !== undefined;
  const field = isList
    ? `<dropdownList refId="${name}" noSort="true" defaultItem="0">${label}</dropdownList>`
    : setting.kind === 'integer'
      ? `<decimalTextBox refId="${name}" defaultValue="${setting.default}">${label}</decimalTextBox>`
      : `<textBox refId="${name}"><label>${label}</label></textBox>`;
  return `      <presentation id="${name}">${field}</presentation>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const EXAMPLES: Readonly<Record<string, unknown>> = {
  NatsUrls: 'tls://nats.example.com:4222',
  SupportPhone: '1234',
  SupportMail: 'helpdesk@example.com',
  SupportUrl: 'https://help.example.com',
  SupportText: 'Monday to Friday, 8 to 18',
  BrandItName: 'IT Services',
};

/** What most would set; a policy that is left out decides nothing. */
function exampleOf(policies: readonly Policy[]): Record<string, unknown> {
  const named = policies.filter(({ name }) => Object.hasOwn(EXAMPLES, name));
  return Object.fromEntries(named.map(({ name }) => [name, EXAMPLES[name]]));
}
