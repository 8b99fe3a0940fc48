/**
 * What a device section is, in words, and which group of devices it belongs to. A section is named PATH/NAME; the path is the device's place on its bus
 * (`0000:00:01.3`, QEMU hw/pci/pci.c, pcibus_get_dev_path), the name is the vmstate's.
 *
 * Facts: the VMStateDescription of each device in QEMU v7.2 and v10.0 (grep vmstate_register and .name below hw/).
 */
import type { DeviceGroup } from '#shared/model/device.ts';

/** NAME#INSTANCE goes before NAME. `{n}` stands for the section's instance, `{cpu}` for the CPU that it belongs to. */
type Row = readonly [name: string | RegExp, title: string, group: DeviceGroup];

const ROWS: readonly Row[] = [
  ['cpu_common', 'CPU {n}: halted and pending interrupts', 'cpus'],
  ['cpu', 'CPU {n}: registers', 'cpus'],
  ['apic', 'Local APIC of CPU {cpu}', 'cpus'],
  ['kvm-tpr-opt', 'TPR access optimization for 32-bit guests', 'cpus'],
  ['spapr_cpu', 'CPU {n}: pseries state', 'cpus'],
  ['ioapic', 'I/O APIC', 'interrupts'],
  ['i8259#0', 'Interrupt controller (8259) of IRQ 0 to 7', 'interrupts'],
  ['i8259#1', 'Interrupt controller (8259) of IRQ 8 to 15', 'interrupts'],
  [/^arm_gicv3_its$/, 'GICv3 interrupt translation service', 'interrupts'],
  [/^arm_gicv3/, 'GICv3 interrupt controller', 'interrupts'],
  [/^arm_gic/, 'GIC interrupt controller', 'interrupts'],
  ['ics', 'XICS interrupt source controller', 'interrupts'],
  ['icp/server', 'XICS presenter of CPU {cpu}', 'interrupts'],
  ['xive-source', 'XIVE interrupt source', 'interrupts'],
  ['xive-tctx', 'XIVE thread context of CPU {cpu}', 'interrupts'],
  ['spapr-xive', 'XIVE interrupt controller', 'interrupts'],
  [/^(qemu|kvm)-s390-flic/, 'Floating interrupt controller', 'interrupts'],
  [/^riscv_aclint/, 'RISC-V core-local interruptor', 'interrupts'],
  [/^riscv_(sifive_)?plic|^sifive\.plic/, 'RISC-V platform interrupt controller', 'interrupts'],
  ['timer', "QEMU's virtual clock", 'clocks'],
  ['kvmclock', 'KVM clock', 'clocks'],
  ['hpet', 'HPET', 'clocks'],
  ['i8254', 'Programmable interval timer (8254)', 'clocks'],
  ['mc146818rtc', 'Real-time clock and CMOS memory', 'clocks'],
  ['pl031', 'Real-time clock (PL031)', 'clocks'],
  ['spapr/rtc', 'Real-time clock of a pseries machine', 'clocks'],
  ['todclock', 'Time-of-day clock', 'clocks'],
  ['I440FX', 'i440FX host bridge', 'pci'],
  ['PIIX3', 'PIIX3 ISA bridge', 'pci'],
  ['mch', 'Q35 host bridge', 'pci'],
  ['ICH9LPC', 'ICH9 LPC bridge', 'pci'],
  ['gpex_root', 'Generic PCIe host bridge', 'pci'],
  ['PCIHost', 'PCI host: configuration address', 'pci'],
  ['PCIBUS', 'PCI bus: interrupt counts', 'pci'],
  ['spapr_pci', 'PCI host bridge of a pseries machine', 'pci'],
  ['spapr_iommu', 'DMA window of a pseries machine', 'pci'],
  [/^pcie-root-port|^ioh-?3420/, 'PCIe root port', 'pci'],
  [/^pci_bridge|^pci-bridge|^pcie-pci-bridge/, 'PCI bridge', 'pci'],
  [/^(xio3130|x3130)/, 'PCIe switch port', 'pci'],
  ['intel-iommu', 'Intel IOMMU (VT-d)', 'pci'],
  [/^(vmgenid|vm-generation-id)/, 'VM generation id', 'machine'],
  [/^virtio-net/, 'Virtio network card', 'network'],
  [/^e1000e/, 'e1000e network card', 'network'],
  [/^e1000/, 'e1000 network card', 'network'],
  [/^igb/, 'igb network card', 'network'],
  [/^rtl8139/, 'RTL8139 network card', 'network'],
  [/^vmxnet3/, 'VMXNET3 network card', 'network'],
  [/^(pcnet|ne2000|i825)/, 'Network card', 'network'],
  [/^virtio-blk/, 'Virtio block device', 'storage'],
  [/^virtio-scsi/, 'Virtio SCSI controller', 'storage'],
  [/^virtio-pmem/, 'Virtio persistent memory', 'storage'],
  [/^(virtio|vhost)-(user-)?fs/, 'Virtio file system', 'storage'],
  ['virtio-9p', 'Virtio shared folder (9p)', 'storage'],
  [/^ich9_ahci|^ahci/, 'AHCI SATA controller', 'storage'],
  ['ide', 'IDE controller', 'storage'],
  ['fdc', 'Floppy controller', 'storage'],
  [/^nvme/, 'NVMe controller', 'storage'],
  [/^scsi-|^scsi$/, 'SCSI device', 'storage'],
  [/^(lsiscsi|megasas|mptsas|pvscsi|am53c974)/, 'SCSI controller', 'storage'],
  [/^pflash/, 'Flash memory {n}', 'storage'],
  [/^sdhci|^sd-card/, 'SD card', 'storage'],
  [/^virtio-console|^virtio-serial/, 'Virtio console', 'input-output'],
  [/^virtio-gpu/, 'Virtio GPU', 'input-output'],
  [/^virtio-input/, 'Virtio input device', 'input-output'],
  [/^virtio-(snd|sound)/, 'Virtio sound', 'input-output'],
  [/^serial/, 'Serial port', 'input-output'],
  [/^pci-serial/, 'PCI serial port', 'input-output'],
  [/^parallel/, 'Parallel port', 'input-output'],
  ['pl011', 'Serial port (PL011)', 'input-output'],
  ['spapr_vty', 'Console of a pseries machine', 'input-output'],
  ['sclpconsole', 'SCLP console', 'input-output'],
  ['pckbd', 'Keyboard controller (8042)', 'input-output'],
  ['ps2kbd', 'PS/2 keyboard', 'input-output'],
  ['ps2mouse', 'PS/2 mouse', 'input-output'],
  ['vmmouse', 'VMware mouse', 'input-output'],
  ['pcspk', 'PC speaker', 'input-output'],
  ['gpio-key', 'Power key', 'input-output'],
  [/^usb-(kbd|mouse|tablet|ptr)/, 'USB input device', 'input-output'],
  [/^usb-storage/, 'USB storage', 'storage'],
  [/^(xhci|usb-xhci|nec-xhci|qemu-xhci)/, 'USB controller (xHCI)', 'input-output'],
  [/^(ehci|usb-ehci)/, 'USB controller (EHCI)', 'input-output'],
  [/^(uhci|ohci|usb-ohci)/, 'USB controller (1.1)', 'input-output'],
  [/^usb-/, 'USB device', 'input-output'],
  [/^(intel-hda|hda-)/, 'HD audio', 'input-output'],
  [/^(ac97|es1370|sb16)/, 'Sound card', 'input-output'],
  [/^(vga|cirrus_vga|bochs-display|secondary-vga)/i, 'VGA display', 'input-output'],
  ['qxl', 'QXL display', 'input-output'],
  [/^vmware_vga/, 'VMware display', 'input-output'],
  ['ramfb', 'Firmware display', 'input-output'],
  ['globalstate', 'Run state of the guest', 'machine'],
  ['fw_cfg', 'Firmware configuration', 'machine'],
  ['vmcoreinfo', "Where the guest's VMCOREINFO lies", 'machine'],
  [/^(virt_)?acpi_build$/, 'ACPI tables', 'machine'],
  ['piix4_pm', 'PIIX4 power management', 'machine'],
  ['ich9_smb', 'ICH9 SMBus', 'machine'],
  [/^ich9_pm/, 'ICH9 power management', 'machine'],
  ['i2c_bus', 'I2C bus', 'machine'],
  ['smbus-eeprom', 'Memory module description', 'machine'],
  ['dma#0', 'DMA controller (8237) of channels 0 to 3', 'machine'],
  ['dma#1', 'DMA controller (8237) of channels 4 to 7', 'machine'],
  ['port92', 'System control port 0x92', 'machine'],
  ['pl061', 'GPIO controller (PL061)', 'machine'],
  [/^tpm/, 'TPM', 'machine'],
  ['pvpanic', 'Panic device', 'machine'],
  [/^i6300esb|^ib700|^wdt/, 'Watchdog', 'machine'],
  [/^virtio-balloon/, 'Virtio balloon', 'machine'],
  [/^virtio-rng/, 'Virtio random numbers', 'machine'],
  [/^virtio-mem/, 'Virtio memory', 'machine'],
  [/^virtio-iommu/, 'Virtio IOMMU', 'machine'],
  [/^virtio-crypto/, 'Virtio crypto', 'machine'],
  [/vsock/, 'Virtio socket', 'network'],
  ['spapr', 'pseries machine', 'machine'],
  ['spapr/htab', 'Hashed page table of the guest', 'machine'],
  ['spapr_nvram', 'NVRAM', 'machine'],
  ['s390_css', 'Channel subsystem', 'machine'],
  ['s390-skeys', 'Storage keys', 'machine'],
  ['s390-storage_attributes', 'Storage attributes', 'machine'],
  ['ipl', 'Boot device', 'machine'],
  ['sclpquiesce', 'SCLP shutdown signal', 'machine'],
  ['vmstate-event-facility', 'SCLP event facility', 'machine'],
  ['slirp', 'User-mode network', 'network'],
  ['dirty-bitmap', 'Dirty bitmaps of block devices', 'storage'],
  ['block', 'Block devices copied along', 'storage'],
  ['cpu-throttle', 'CPU throttle', 'machine'],
];

const BY_NAME = new Map(ROWS.flatMap(([name, ...row]) => (typeof name === 'string' ? [[name, row] as const] : [])));
const BY_PATTERN = ROWS.flatMap(([name, ...row]) => (typeof name === 'string' ? [] : [[name, row] as const]));

/** `0000:00:02.0`, and behind bridges `0000:00:02.0:00.0`. */
const PCI_PATH = /^([0-9a-f]{4}):([0-9a-f]{2}):([0-9a-f]{2}\.[0-7])((?::[0-9a-f]{2}\.[0-7])*)(?:\/|$)/;

function pciAddress(name: string): string | undefined {
  const found = PCI_PATH.exec(name);
  if (!found) return undefined;
  const [, domain, bus, slot, behind] = found;
  const steps = (behind ?? '').split(':').filter((step) => step !== '');
  return [`${domain === '0000' ? '' : `${domain}:`}${bus}:${slot}`, ...steps].join(' → ');
}

/** The vmstate's name without the path; some names have a slash of their own. */
function candidates(name: string): string[] {
  const parts = name.split('/');
  return parts.map((_, at) => parts.slice(at).join('/'));
}

export interface DeviceTitle {
  title?: string;
  group: DeviceGroup;
}

/** `cpu` is the CPU that the section stands with; undefined when that is not known. */
export function deviceTitle({ name, instance }: { name: string; instance: number }, cpu: number | undefined): DeviceTitle {
  const address = pciAddress(name);
  for (const candidate of candidates(name)) {
    const row = BY_NAME.get(`${candidate}#${instance}`) ?? BY_NAME.get(candidate) ?? BY_PATTERN.find(([pattern]) => pattern.test(candidate))?.[1];
    if (!row) continue;
    const title = row[0].replace('{n}', String(instance)).replace('{cpu}', String(cpu ?? instance));
    return { title: address ? `${title} at ${address}` : title, group: row[1] };
  }
  return address ? { title: `PCI device at ${address}`, group: 'pci' } : { group: 'other' };
}
