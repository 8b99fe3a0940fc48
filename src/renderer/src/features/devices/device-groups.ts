/** The list of devices as rows: groups in a fixed order, their heads between them, filtered. */
import type { DeviceGroup, DeviceSummary } from '#shared/model/index.ts';

const TITLES: Readonly<Record<DeviceGroup, string>> = {
  cpus: 'CPUs',
  interrupts: 'Interrupt controllers',
  clocks: 'Clocks and timers',
  machine: 'Machine and firmware',
  pci: 'PCI and buses',
  storage: 'Storage',
  network: 'Network',
  'input-output': 'Consoles, input and display',
  other: 'Other',
};
const ORDER = Object.keys(TITLES) as DeviceGroup[];

export type ListRow = { kind: 'head'; group: DeviceGroup; title: string; count: number } | { kind: 'device'; device: DeviceSummary };

/** What stands first in a row. */
export const titleOf = ({ title, name }: DeviceSummary): string => title ?? name;

/** Every word has to be in the name, the title or the group's title. */
export function listRows(devices: readonly DeviceSummary[], filter: string): ListRow[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ name, title, group, instance }: DeviceSummary): boolean => {
    const text = `${name} ${instance} ${title ?? ''} ${TITLES[group]}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return ORDER.flatMap((group): ListRow[] => {
    const found = devices.filter((device) => device.group === group && fits(device));
    if (found.length === 0) return [];
    return [{ kind: 'head', group, title: TITLES[group], count: found.length }, ...found.map((device): ListRow => ({ kind: 'device', device }))];
  });
}
