/** Finds what was typed in a title: every word must begin a word of it, in any order, or the letters must appear as initials ("pw" → Page walk). */

/** Null: no match. Lower is better: where the first match lies, initials last. */
export function matchScore(typed: string, title: string): number | null {
  const wanted = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const text = title.toLowerCase();
  const words = text.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  if (wanted.length === 0) return 0;
  if (wanted.every((part) => words.some((word) => word.startsWith(part)))) return text.indexOf(wanted[0] ?? '');
  if (wanted.every((part) => text.includes(part))) return 1000;
  const initials = words.map((word) => word[0]).join('');
  return wanted.length === 1 && initials.includes(wanted[0] ?? '') ? 2000 : null;
}
