/** The contract by a direct call, as the command line and tests have it. */
import { createApi } from '#shared/contract.ts';
import { callChecked } from '#shared/wire.ts';
import { contractSuite } from './suite.ts';
import { workbenchOfTests } from './workbench-of-tests.ts';

contractSuite('in-process', async (folder) => {
  const workbench = await workbenchOfTests('in-process', folder);
  return {
    workbench: createApi({
      call: (method, argument) => callChecked(workbench, method, argument),
      subscribe: (listener) => workbench.subscribe(listener),
    }),
    kind: 'in-process',
    permit: async () => undefined,
    close: () => workbench.dispose(),
  };
});
