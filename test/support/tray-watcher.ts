/**
 * A place for icons, as a Linux desktop has one: a real `org.kde.StatusNotifierWatcher` on a session bus, and what a person
 * would see and click there.
 */
import { createHash } from 'node:crypto';
import dbus from 'dbus-next';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';

const WATCHER = 'org.kde.StatusNotifierWatcher';
const ITEM = 'org.kde.StatusNotifierItem';
const MENU = 'com.canonical.dbusmenu';

export interface MenuItem {
  readonly id: number;
  readonly label: string;
  readonly enabled: boolean;
  readonly separator: boolean;
}

export interface SeenIcon {
  readonly tooltip: string;
  /** Changes with the picture. */
  readonly picture: string;
}

export interface TrayWatcher {
  /** Names of the items that are there now. */
  items(): Promise<readonly string[]>;
  icon(): Promise<SeenIcon>;
  menu(): Promise<readonly MenuItem[]>;
  click(label: string): Promise<void>;
  /** A left click on the icon itself. */
  activate(): Promise<void>;
  /** The desktop's panel ends, as in a crash; {@link startTrayWatcher} brings another. */
  stop(): void;
}

class WatcherInterface extends dbus.interface.Interface {
  readonly registered: string[] = [];

  RegisterStatusNotifierItem(service: string): void {
    this.registered.push(service);
  }

  RegisterStatusNotifierHost(_service: string): void {}

  get IsStatusNotifierHostRegistered(): boolean {
    return true;
  }

  get ProtocolVersion(): number {
    return 0;
  }

  get RegisteredStatusNotifierItems(): string[] {
    return this.registered;
  }

  StatusNotifierHostRegistered(): void {}
}

WatcherInterface.configureMembers({
  methods: {
    RegisterStatusNotifierItem: { inSignature: 's' },
    RegisterStatusNotifierHost: { inSignature: 's' },
  },
  properties: {
    IsStatusNotifierHostRegistered: { signature: 'b', access: 'read' },
    ProtocolVersion: { signature: 'i', access: 'read' },
    RegisteredStatusNotifierItems: { signature: 'as', access: 'read' },
  },
  signals: { StatusNotifierHostRegistered: { signature: '' } },
});

type Variants = Readonly<Record<string, dbus.Variant>>;

export async function startTrayWatcher(busAddress: string): Promise<TrayWatcher> {
  const bus = dbus.sessionBus({ busAddress });
  const stop = () => bus.disconnect();
  onTestFinished(stop);
  const watcher = new WatcherInterface(WATCHER);
  bus.export('/StatusNotifierWatcher', watcher);
  await bus.requestName(WATCHER, 0);

  async function call(
    destination: string,
    path: string,
    face: string,
    member: string,
    signature = '',
    body: unknown[] = [],
  ) {
    const message = new dbus.Message({ destination, path, interface: face, member, signature, body });
    return (await bus.call(message))?.body ?? [];
  }

  async function items(): Promise<string[]> {
    const [names] = (await call(
      'org.freedesktop.DBus',
      '/org/freedesktop/DBus',
      'org.freedesktop.DBus',
      'ListNames',
    )) as [string[]];
    return watcher.registered.filter((service) => names.includes(service));
  }

  async function item(): Promise<string> {
    return eventually(async () => {
      const [service] = await items();
      if (service === undefined) throw new Error('no icon has registered');
      return service;
    });
  }

  async function properties(): Promise<Variants> {
    const [all] = await call(await item(), '/StatusNotifierItem', 'org.freedesktop.DBus.Properties', 'GetAll', 's', [
      ITEM,
    ]);
    return all as Variants;
  }

  async function menuPath(): Promise<string> {
    return String((await properties()).Menu?.value);
  }

  async function menu(): Promise<MenuItem[]> {
    const [, layout] = await call(await item(), await menuPath(), MENU, 'GetLayout', 'iias', [0, -1, []]);
    const [, , children] = layout as [number, Variants, dbus.Variant<[number, Variants, unknown]>[]];
    return children.map(({ value: [id, entry] }) => ({
      id,
      // Underscores mark keys there.
      label: String(entry.label?.value ?? '').replaceAll('__', '_'),
      enabled: entry.enabled?.value !== false,
      separator: entry.type?.value === 'separator',
    }));
  }

  return {
    items,
    menu,
    stop,
    icon: async () => {
      const all = await properties();
      const tooltip = all.ToolTip?.value as [string, unknown, string, string] | undefined;
      const pictures = all.IconPixmap?.value as [number, number, Buffer][] | undefined;
      const hash = createHash('sha256');
      for (const [, , pixels] of pictures ?? []) hash.update(pixels);
      return { tooltip: [tooltip?.[2], tooltip?.[3]].filter((text) => text).join(' '), picture: hash.digest('hex') };
    },
    click: async (label) => {
      const entry = (await menu()).find((each) => each.label === label);
      if (entry === undefined) throw new Error(`the menu has no "${label}"`);
      await call(await item(), await menuPath(), MENU, 'Event', 'isvu', [
        entry.id,
        'clicked',
        new dbus.Variant('s', ''),
        0,
      ]);
    },
    activate: async () => {
      await call(await item(), '/StatusNotifierItem', ITEM, 'Activate', 'ii', [0, 0]);
    },
  };
}
