/** The contract over a WebSocket: the real server, the renderer's real transport. */
import { startServer } from '../../src/main/server/server.ts';
import { pageOf } from './server-client.ts';
import { contractSuite } from './suite.ts';
import { workbenchOfTests } from './workbench-of-tests.ts';

contractSuite('WebSocket server', async (folder) => {
  const workbench = await workbenchOfTests('server', folder);
  const server = await startServer({ workbench, rendererFolder: folder });
  const page = await pageOf(server.url);
  return {
    workbench: page.workbench,
    kind: 'server',
    permit: async () => undefined,
    async close() {
      // Not to be connected anew.
      for (const connection of page.connections) connection.removeAllListeners('close').terminate();
      await server.close();
      await workbench.dispose();
    },
  };
});
