/** Of a cluster the agent needs to know one server; the others it is told (architecture §7). */
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { connectedBus } from '../../test/support/bus.ts';
import { eventually } from '../../test/support/eventually.ts';
import { operator } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      return typeof address === 'object' && address !== null ? address.port : 0;
    }),
  );
}

test('when the one configured server dies the agent goes on with another of its cluster, and still knows the first', async () => {
  const ports = await freePorts(2);
  const routes = ports.map((port) => `nats-route://127.0.0.1:${port}`).join(', ');
  const member = (own: number | undefined) => `
    server_name: node-${own}
    cluster { name: fleet, host: "127.0.0.1", port: ${own}, routes: [${routes}] }`;
  const [one, two] = await Promise.all(ports.map((port) => startNatsServer({ config: member(port) })));
  if (one === undefined || two === undefined) throw new Error('there are two ports');

  const bus = await connectedBus(one.url);
  const heard: string[] = [];
  bus.subscribe('test.x', ({ data }) => void heard.push(Buffer.from(data).toString()));
  // Heard through the other server: the two are one cluster.
  const nc = await operator(two);
  await eventually(() => {
    nc.publish('test.x', 'by the route');
    expect(heard).toContain('by the route');
  });
  const told = await operator(one);
  await eventually(() => expect(told.info?.connect_urls).toContain(`127.0.0.1:${two.port}`));

  await one.kill();
  await eventually(() => expect(bus.link.value).toMatchObject({ state: 'connected', server: `127.0.0.1:${two.port}` }));
  await eventually(() => {
    nc.publish('test.x', 'by the other');
    expect(heard).toContain('by the other');
  });
  await one.start();
  await two.kill();
  await eventually(() => expect(bus.link.value).toMatchObject({ state: 'connected', server: `127.0.0.1:${one.port}` }));
});
