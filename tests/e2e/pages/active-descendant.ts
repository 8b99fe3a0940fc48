/** The element that `aria-activedescendant` names, for widgets that keep the focus on themselves (a grid, a listbox). */
import type { Locator } from '@playwright/test';

/** Follows the attribute: an id read once may be gone by the time its element is looked at. `widget` holds the element. */
export function activeDescendant(widget: Locator): Locator {
  return widget.locator('xpath=.//*[@id = ancestor::*[@aria-activedescendant][1]/@aria-activedescendant]');
}
