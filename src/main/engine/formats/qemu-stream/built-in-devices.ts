/**
 * Layouts of device sections that do not depend on the CPU family, for streams that do not describe them: what stands around a PC's CPUs up to its
 * chipset, and what the workbench asks for itself. In the form of the JSON; by section name and version.
 *
 * Facts: QEMU hw/core/cpu-common.c, hw/intc/apic_common.c, hw/i386/vapic.c, hw/i386/kvm/clock.c, hw/nvram/fw_cfg.c, hw/pci/pci.c, hw/pci-host/i440fx.c,
 * hw/misc/vmcoreinfo.c, migration/global_state.c, migration/block.c, softmmu/cpu-timers.c (v5.2, v7.2), target-i386 and hw/ of v0.10 to v1.0; crash
 * qemu-load.c (RHEL 5). Checked against the JSON of streams by QEMU 5.2 and 7.2.
 */
import type { VmDescription, VmFieldDescription } from '../../arch/vmstate.ts';

type Field = VmFieldDescription;

const field = (type: string, size: number) => (name: string) => ({ name, type, size });
const u8 = field('uint8', 1);
const bool = field('bool', 1);
const u16 = field('uint16', 2);
const u32 = field('uint32', 4);
const i32 = field('int32', 4);
const u64 = field('uint64', 8);
const i64 = field('int64', 8);
const buffer = (name: string, size: number, type = 'buffer'): Field => ({ name, type, size });
const array = (element: Field, length: number): Field => ({ ...element, array_len: length });

function device(vmsd_name: string, version: number, fields: Field[], ...subsections: VmDescription[]): VmDescription {
  return subsections.length > 0 ? { vmsd_name, version, fields, subsections } : { vmsd_name, version, fields };
}

function struct(name: string, description: VmDescription): Field {
  const size = (description.fields ?? []).reduce((sum, part) => sum + part.size * (part.array_len ?? 1), 0);
  return { name, type: 'struct', size, struct: description };
}

const HANDLERS = device('kvmvapic-handlers', 1, [u32('set_tpr'), u32('set_tpr_eax'), array(u32('get_tpr'), 8), u32('get_tpr_stack')]);
const GUEST_ROM = device('kvmvapic-guest-rom', 1, [
  buffer('unused', 8, 'unused_buffer'),
  ...['vaddr', 'fixup_start', 'fixup_end', 'vapic_vaddr', 'vapic_size', 'vcpu_shift', 'real_tpr_addr'].map(u32),
  struct('up', HANDLERS),
  struct('mp', HANDLERS),
]);

/** Version 1 of the local APIC ends before the timer; up to version 2 its three bit maps are mixed, which takes the same bytes. */
const APIC: Field[] = [u32('apicbase'), ...['id', 'arb_id', 'tpr'].map(u8), u32('spurious_vec'), ...['log_dest', 'dest_mode'].map(u8)];
const APIC_TAIL: Field[] = [
  array(u32('lvt'), 6),
  u32('esr'),
  array(u32('icr'), 2),
  u32('divide_conf'),
  i32('count_shift'),
  u32('initial_count'),
  i64('initial_count_load_time'),
  i64('next_time'),
];
const APIC_MAPS = ['isr', 'tmr', 'irr'].map((name) => array(u32(name), 8));
const APIC_MIXED = [array(u32('isr_tmr_irr'), 24)];
const APIC_SIPI = device('apic_sipi', 1, [i32('sipi_vector'), i32('wait_for_sipi')]);

const PCI_DEVICE = device('PCIDevice', 2, [i32('version_id'), buffer('config[0]', 256, 'pci config'), buffer('irq_state', 16, 'pci irq state')]);

export const BUILT_IN_DEVICES: readonly VmDescription[] = [
  // What RHEL 5 put into its streams to be told by: nothing.
  device('__rhel5', 1, []),
  device('timer', 1, [i64('cpu_ticks_offset'), buffer('ticks_per_sec', 8)]),
  device('timer', 2, [i64('cpu_ticks_offset'), buffer('unused', 8, 'unused_buffer'), i64('cpu_clock_offset')]),
  // Disks are migrated elsewhere: the section is there, with an end mark alone.
  device('block', 1, [u64('flags')]),
  device(
    'cpu_common',
    1,
    [u32('halted'), u32('interrupt_request')],
    device('cpu_common/exception_index', 1, [i32('exception_index')]),
    device('cpu_common/crash_occurred', 1, [bool('crash_occurred')]),
  ),
  device('kvm-tpr-opt', 1, [
    struct('rom_state', GUEST_ROM),
    ...['state', 'real_tpr_addr', 'rom_state_vaddr', 'vapic_paddr', 'rom_state_paddr'].map(u32),
  ]),
  device('kvmclock', 1, [u64('clock')]),
  device('apic', 1, [...APIC, ...APIC_MIXED, ...APIC_TAIL]),
  device('apic', 2, [...APIC, ...APIC_MIXED, ...APIC_TAIL, i64('timer_expiry')]),
  device('apic', 3, [...APIC, ...APIC_MAPS, ...APIC_TAIL, i64('timer_expiry')], APIC_SIPI),
  device('fw_cfg', 2, [u16('cur_entry'), u32('cur_offset')]),
  device('PCIHost', 1, [u32('config_reg')]),
  device('PCIBUS', 1, [i32('nirq'), array(i32('irq_count'), 4)]),
  device('0000:00:00.0/I440FX', 3, [struct('parent_obj', PCI_DEVICE), u8('smm_enabled')]),
  // The last section of a PC, so that its end can be told.
  device('acpi_build', 1, [u8('patched')]),
  device('vmcoreinfo', 1, [
    bool('has_vmcoreinfo'),
    u16('vmcoreinfo.host_format'),
    u16('vmcoreinfo.guest_format'),
    u32('vmcoreinfo.size'),
    u64('vmcoreinfo.paddr'),
  ]),
  device('globalstate', 1, [u32('size'), buffer('runstate', 100)]),
];
