/** `1 CPU`, `2 CPUs`, `21,859 pages`: a number with its noun, for sentences. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`;
}
