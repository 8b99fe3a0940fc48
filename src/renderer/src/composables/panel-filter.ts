/** The filters of a panel, for the keyboard: lists exist only as far as they are in view, so that the browser's own search would miss most rows. */

const inUse = (element: HTMLElement): boolean => element.offsetParent !== null && element.closest('[inert]') === null;

/** Moves to the filter of the panel around `from`, or of the one that was used last; from one filter to the panel's next. False where there is none. */
export function goToFilter(from: EventTarget | null): boolean {
  const around = from instanceof Element ? from.closest('.panel-frame') : null;
  const panel = around ?? [...document.querySelectorAll<HTMLElement>('.dv-active-group .panel-frame')].find(inUse);
  const filters = [...(panel?.querySelectorAll<HTMLInputElement>('[data-filter]') ?? [])].filter(inUse);
  const filter = filters[(filters.indexOf(from as HTMLInputElement) + 1) % filters.length];
  filter?.focus();
  filter?.select();
  return filter !== undefined;
}
