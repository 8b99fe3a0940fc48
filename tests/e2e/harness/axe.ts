/**
 * axe’s measure of what is on the page, in every theme.
 *
 * ```ts
 * expect(await violations(host.page, '[role=dialog]')).toEqual([]);
 * ```
 */
import type { Page } from '@playwright/test';
import axe from 'axe-core';

declare global {
  interface Window {
    axe?: typeof axe;
  }
}

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** Themes differ in colours alone (src/renderer/src/styles/tokens.css): of all rules these may end otherwise in another theme. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];
const OFF = {
  // Experimental until axe 4.14: where a name spells out what its digits mean, it wants the digits themselves.
  'label-content-name-mismatch': { enabled: false },
  // The menu row is a group beside the landmarks.
  region: { enabled: false },
};
const RUNS = [
  { theme: 'light', runOnly: TAGS, rules: OFF },
  { theme: 'dark', runOnly: COLOUR_RULES },
  { theme: 'high-contrast', runOnly: COLOUR_RULES },
];

/**
 * What breaks a rule, one line each: theme, rule, element, and how to mend it. `within`: selectors of the parts to look at, each of which must be there.
 * Leaves the page in the theme that it had.
 */
export async function violations(page: Page, ...within: string[]): Promise<string[]> {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  if (!(await page.evaluate(() => window.axe !== undefined))) await page.evaluate(axe.source);
  return page.evaluate(
    async ({ parts, runs }) => {
      const absent = parts.filter((part) => !document.querySelector(part));
      if (absent.length > 0) throw new Error(`not on the page: ${absent.join(', ')}`);
      // What began to move before motion was reduced would be measured half way.
      for (const animation of document.getAnimations()) if (animation.effect?.getComputedTiming().endTime !== Infinity) animation.finish();
      const { dataset } = document.documentElement;
      const before = dataset['theme'];
      const found: string[] = [];
      for (const { theme, ...options } of runs) {
        dataset['theme'] = theme;
        const result = await window.axe!.run({ include: parts }, { ...options, resultTypes: ['violations'] });
        for (const { id, nodes } of result.violations)
          for (const { target, failureSummary } of nodes) found.push(`${theme}: ${id} at ${target.join(' ')}: ${failureSummary ?? ''}`);
      }
      dataset['theme'] = before;
      return found;
    },
    { parts: within.length > 0 ? within : [':root'], runs: RUNS },
  );
}
