/** Before the first spec: a build that is newer than the sources. */
import { ensureBuilt } from '../../../scripts/prepare.mjs';

export default function buildFirst(): void {
  ensureBuilt();
}
