/** The engine's messages, which begin small and end without a stop, as sentences. */
export function asSentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.:…!?]$/.test(message) ? '' : '.'}`;
}
