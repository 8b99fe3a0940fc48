#!/bin/busybox sh
# PID 1 of a guest that loads a capture kernel and panics; and of that capture kernel.
B=/bin/busybox
$B mount -t proc proc /proc
$B mount -t sysfs sys /sys
$B insmod /mod/qemu_fw_cfg.ko
if [ -e /proc/vmcore ]; then NAME=CAPTURE; else NAME=CRASHED; fi
$B grep -E ' (_stext|linux_banner|init_task|init_uts_ns|elfcorehdr_addr)$' /proc/kallsyms | $B sed "s/^/$NAME /"
if [ -e /proc/vmcore ]; then
  $B hostname capture
  echo BOOTED-OK
  while true; do $B sleep 1; done
fi
$B hostname crashed
$B grep -q nokaslr /proc/cmdline && SAME=nokaslr
/bin/loadcrash /vmlinuz /capture.gz "console=ttyS0 panic=-1 nr_cpus=1 $SAME"
echo c > /proc/sysrq-trigger
