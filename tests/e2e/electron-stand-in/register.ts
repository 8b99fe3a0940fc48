/** `node --import register.ts`: whoever imports `electron` gets the stand-in. */
import { registerHooks } from 'node:module';

const STAND_IN = new URL('./electron.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, nextResolve) => (specifier === 'electron' ? { url: STAND_IN, shortCircuit: true } : nextResolve(specifier, context)),
});
