/**
 * Layouts of a PC's chipset devices, for the tree of streams that do not describe them; where sections end is not told by them. In the form of the JSON.
 *
 * Facts: QEMU hw/intc/i8259_common.c, hw/intc/ioapic_common.c, hw/timer/i8254_common.c, hw/timer/hpet.c, hw/rtc/mc146818rtc.c, hw/dma/i8257.c, hw/char/serial.c,
 * hw/audio/pcspk.c, hw/i386/port92.c, hw/i2c/core.c, hw/nvram/fw_cfg.c, hw/isa/piix3.c, hw/input/pckbd.c (v7.2). Checked against the JSON of streams by QEMU 5.2, 7.2 and 10.0.
 */
import type { VmDescription, VmFieldDescription } from '../../arch/vmstate.ts';

type Field = VmFieldDescription;

const SIZES: Readonly<Record<string, number>> = { uint8: 1, uint16: 2, int32: 4, uint32: 4, int64: 8, uint64: 8, timer: 8 };
/** Fields of one type, by their names. */
const of = (type: string, ...names: string[]): Field[] => names.map((name) => ({ name, type, size: SIZES[type]! }));
const array = (type: string, name: string, length: number): Field => ({ name, type, size: SIZES[type]!, array_len: length });
const buffer = (name: string, size: number, type = 'buffer'): Field => ({ name, type, size });
const device = (vmsd_name: string, version: number, fields: Field[], subsections?: VmDescription[]): VmDescription => {
  return { vmsd_name, version, fields, ...(subsections ? { subsections } : {}) };
};
function struct(name: string, description: VmDescription, length?: number): Field {
  const size = (description.fields ?? []).reduce((sum, part) => sum + part.size * (part.array_len ?? 1), 0);
  return { name, type: 'struct', size, struct: description, ...(length === undefined ? {} : { array_len: length }) };
}

const PIC = ['last_irr', 'irr', 'imr', 'isr', 'priority_add', 'irq_base', 'read_reg_select', 'poll', 'special_mask', 'init_state', 'auto_eoi'];
const PIC_MODES = ['rotate_on_auto_eoi', 'special_fully_nested_mode', 'init4', 'single_mode', 'elcr'];

const PIT_CHANNEL = device('pit channel', 2, [
  ...of('int32', 'count'),
  ...of('uint16', 'latched_count'),
  ...of('uint8', 'count_latched', 'status_latched', 'status', 'read_state', 'write_state', 'write_latch', 'rw_mode', 'mode', 'bcd', 'gate'),
  ...of('int64', 'count_load_time', 'next_transition_time'),
]);

const HPET_TIMER = device('hpet_timer', 1, [
  ...of('uint8', 'tn'),
  ...of('uint64', 'config', 'cmp', 'fsb', 'period'),
  ...of('uint8', 'wrap_flag'),
  ...of('timer', 'qemu_timer'),
]);

const DMA_CHANNEL = device('dma_regs', 1, [
  array('int32', 'now', 2),
  array('uint16', 'base', 2),
  ...of('uint8', 'mode', 'page', 'pageh', 'dack', 'eop'),
]);

const UART = device('serial', 3, [...of('uint16', 'divider'), ...of('uint8', 'rbr', 'ier', 'iir', 'lcr', 'mcr', 'lsr', 'msr', 'scr', 'fcr_vmstate')]);

const PCI_DEVICE = device('PCIDevice', 2, [
  ...of('int32', 'version_id'),
  buffer('config[0]', 256, 'pci config'),
  buffer('irq_state', 16, 'pci irq state'),
]);

export const CHIPSET_DEVICES: readonly VmDescription[] = [
  device('i8259', 1, of('uint8', ...PIC, ...PIC_MODES)),
  device('ioapic', 3, [
    ...of('uint8', 'id', 'ioregsel'),
    buffer('unused', 8, 'unused_buffer'),
    ...of('uint32', 'irr'),
    array('uint64', 'ioredtbl', 24),
  ]),
  device('i8254', 3, [
    ...of('uint32', 'channels[0].irq_disabled'),
    struct('channels', PIT_CHANNEL, 3),
    ...of('int64', 'channels[0].next_transition_time'),
  ]),
  device(
    'hpet',
    2,
    [...of('uint64', 'config', 'isr', 'hpet_counter'), ...of('uint8', 'num_timers'), struct('timer', HPET_TIMER, 3)],
    [device('hpet/rtc_irq_level', 1, of('uint8', 'rtc_irq_level')), device('hpet/offset', 1, of('uint64', 'hpet_offset'))],
  ),
  device('mc146818rtc', 3, [
    buffer('cmos_data', 128),
    ...of('uint8', 'cmos_index'),
    buffer('unused[0]', 28, 'unused_buffer'),
    ...of('timer', 'periodic_timer'),
    ...of('int64', 'next_periodic_time'),
    buffer('unused[1]', 24, 'unused_buffer'),
    ...of('uint32', 'irq_coalesced', 'period'),
    ...of('uint64', 'base_rtc', 'last_update'),
    ...of('int64', 'offset'),
    ...of('timer', 'update_timer'),
    ...of('uint64', 'next_alarm_time'),
  ]),
  device('dma', 1, [...of('uint8', 'command', 'mask', 'flip_flop'), ...of('int32', 'dshift'), struct('regs', DMA_CHANNEL, 4)]),
  device('serial', 3, [struct('state', UART)]),
  device('pcspk', 1, of('uint8', 'data_on', 'dummy_refresh_clock')),
  device('port92', 1, of('uint8', 'outport')),
  device('i2c_bus', 1, of('uint8', 'saved_address')),
  device('0000:00:01.0/PIIX3', 3, [struct('dev', PCI_DEVICE), array('int32', 'pci_irq_levels_vmstate', 4)]),
  device(
    'fw_cfg',
    2,
    [...of('uint16', 'cur_entry'), ...of('uint32', 'cur_offset[1]')],
    [device('fw_cfg/dma', 1, of('uint64', 'dma_addr')), device('fw_cfg/acpi_mr', 1, of('uint64', 'table_mr_size', 'linker_mr_size', 'rsdp_mr_size'))],
  ),
];
