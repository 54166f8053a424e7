/** A desktop's notifications: a real `org.freedesktop.Notifications` on a session bus, and a person who clicks. */
import dbus from 'dbus-next';
import { onTestFinished } from 'vitest';

const NAME = 'org.freedesktop.Notifications';

export interface ShownNotification {
  readonly id: number;
  readonly title: string;
  readonly body: string;
}

export interface NotificationDaemon {
  readonly shown: readonly ShownNotification[];
  click(id: number): void;
}

class Daemon extends dbus.interface.Interface {
  readonly shown: ShownNotification[] = [];

  GetCapabilities(): string[] {
    return ['body', 'actions'];
  }

  GetServerInformation(): string[] {
    return ['test', 'kanade-tray', '1', '1.2'];
  }

  Notify(_app: string, _replaces: number, _icon: string, title: string, body: string): number {
    const id = this.shown.length + 1;
    this.shown.push({ id, title, body });
    return id;
  }

  CloseNotification(_id: number): void {}

  ActionInvoked(id: number, action: string): [number, string] {
    return [id, action];
  }

  NotificationClosed(id: number, reason: number): [number, number] {
    return [id, reason];
  }
}

Daemon.configureMembers({
  methods: {
    GetCapabilities: { outSignature: 'as' },
    GetServerInformation: { outSignature: 'ssss' },
    Notify: { inSignature: 'susssasa{sv}i', outSignature: 'u' },
    CloseNotification: { inSignature: 'u' },
  },
  signals: { ActionInvoked: { signature: 'us' }, NotificationClosed: { signature: 'uu' } },
});

export async function startNotificationDaemon(busAddress: string): Promise<NotificationDaemon> {
  const bus = dbus.sessionBus({ busAddress });
  onTestFinished(() => bus.disconnect());
  const daemon = new Daemon(NAME);
  bus.export('/org/freedesktop/Notifications', daemon);
  await bus.requestName(NAME, 0);
  return {
    shown: daemon.shown,
    click: (id) => {
      daemon.ActionInvoked(id, 'default');
      daemon.NotificationClosed(id, 2);
    },
  };
}
