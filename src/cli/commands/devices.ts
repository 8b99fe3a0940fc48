import { formatAddress, formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import { describedWords, deviceJson, deviceSummaryJson, deviceText } from '#shared/device-text.ts';
import type { DeviceState, DeviceSummary } from '#shared/model/index.ts';
import type { Command } from '../command.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { hexDump } from '../hex-dump.ts';
import { toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';
import { textTable } from '#shared/text-table.ts';

export const devices: Command = {
  name: 'devices',
  usage: 'FILE [PATTERN]',
  summary: 'saved device states: the list, or the fields of those that match',
  details: `  PATTERN   part of a device's name or title, or a glob (* and ?) of all of it: apic, 'virtio*', '*00:01.?*'

Values are hexadecimal, in words where the device is known. Only migration streams (savevm, virsh save) hold device states.`,
  arity: [1, 2],
  options: {},
  async run(context) {
    const { workbench, positionals, json, print, note } = context;
    const { dumpId } = await openDump(context);
    const list = await workbench.listDevices({ dumpId });
    const pattern = positionals[1];
    if (list.length === 0) note('the dump holds no device states: only migration streams do');
    if (pattern === undefined) {
      print(json ? toJson({ devices: list.map(deviceSummaryJson) }) : listText(list));
      return EXIT.done;
    }
    const matches = matcher(pattern);
    const chosen = list.filter(({ name, title }) => matches(name) || (title !== undefined && matches(title)));
    if (chosen.length === 0)
      throw new UsageError(`no device matches ${JSON.stringify(pattern)}; the dump has ${counted(list.length, 'device state')}`);
    const states: DeviceState[] = [];
    for (const { index } of chosen) states.push(await workbench.getDevice({ dumpId, index }));
    print(
      json
        ? toJson({ devices: states.map(deviceJson) })
        : states.map((state) => deviceText(state, (offset, bytes) => hexDump(offset, bytes, []))).join('\n\n'),
    );
    return EXIT.done;
  },
};

/** Without * and ? a part of the text is enough. Case does not count. */
export function matcher(pattern: string): (text: string) => boolean {
  const wanted = pattern.toLowerCase();
  if (!/[*?]/.test(pattern)) return (text) => text.toLowerCase().includes(wanted);
  return (text) => matchesGlob(text.toLowerCase(), wanted);
}

/** Goes back to the last * only: a pattern of many stars takes no longer than one of few, other than as a regular expression. */
function matchesGlob(text: string, glob: string): boolean {
  let at = 0;
  let wanted = 0;
  let star = -1;
  let retry = 0;
  while (at < text.length) {
    if (wanted < glob.length && glob[wanted] !== '*' && (glob[wanted] === '?' || glob[wanted] === text[at])) {
      at++;
      wanted++;
    } else if (glob[wanted] === '*') {
      star = wanted++;
      retry = at;
    } else if (star >= 0) {
      wanted = star + 1;
      at = ++retry;
    } else return false;
  }
  return /^\**$/.test(glob.slice(wanted));
}

function listText(list: DeviceSummary[]): string {
  const right = 'right' as const;
  return textTable(
    [
      { title: 'INDEX', align: right },
      { title: 'DEVICE' },
      { title: 'INSTANCE', align: right },
      { title: 'VERSION', align: right },
      { title: 'OFFSET', align: right },
      { title: 'SIZE', align: right },
      { title: 'DESCRIBED BY' },
      { title: 'WHAT IT IS' },
    ],
    list.map(({ index, name, instance, version, offset, length, described, title }) => [
      String(index),
      name,
      String(instance),
      String(version),
      formatAddress(offset),
      formatSize(length),
      describedWords(described),
      title ?? '',
    ]),
  );
}
