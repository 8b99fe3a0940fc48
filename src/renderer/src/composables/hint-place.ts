/** Where a hint of two lines goes that belongs to `anchor`: below it, or above where there is no room. */
const MARGIN = 8;
/** Room that the hint takes at most, in CSS pixels. */
const SIZE = { width: 412, height: 52 };

export function hintPlace(anchor: HTMLElement): Record<string, string> {
  const box = anchor.getBoundingClientRect();
  const below = box.bottom + 4 + SIZE.height < window.innerHeight;
  return {
    left: `${Math.max(MARGIN, Math.min(box.left, window.innerWidth - SIZE.width - MARGIN))}px`,
    maxWidth: `${SIZE.width}px`,
    ...(below ? { top: `${box.bottom + 4}px` } : { bottom: `${window.innerHeight - box.top + 4}px` }),
  };
}
