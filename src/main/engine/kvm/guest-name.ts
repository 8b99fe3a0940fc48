/** The guest's name in QEMU's command line: `-name guest=web1,debug-threads=on`, `-name web1`. A comma in it is doubled (QEMU util/qemu-option.c, v7.2). */
export function guestNameOf(commandLine: readonly string[]): string | undefined {
  const at = commandLine.findIndex((word) => word === '-name' || word === '--name');
  const parts = commandLine[at + 1]?.match(/(?:[^,]|,,)+/g)?.map((part) => part.replaceAll(',,', ','));
  if (at < 0 || !parts) return undefined;
  const named = parts.findLast((part) => part.startsWith('guest='));
  if (named !== undefined) return named.slice('guest='.length) || undefined;
  // Without a key the first is the guest's; `process=` names the process alone.
  const [first] = parts;
  return first === undefined || /^[\w-]+=/.test(first) ? undefined : first;
}
