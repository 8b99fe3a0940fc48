import type { LinuxPart } from './part.ts';

/** The layout is JSON whether --json was said or not. */
export const layout: LinuxPart = {
  async show({ workbench, print }, dumpId) {
    print(await workbench.getLinuxLayout({ dumpId }));
  },
};
