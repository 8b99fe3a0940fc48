/** Numbers with their nouns, for sentences. */

/** `21,859`. Not toLocaleString: it loads the locale data, which takes 19 ms in each thread that asks for it. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 CPU`, `2 CPUs`, `21,859 pages`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}
