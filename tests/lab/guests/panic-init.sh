#!/bin/busybox sh
# PID 1 of a guest that prints what /proc has of its processes, then panics.
B=/bin/busybox
$B mount -t proc proc /proc
$B mount -t sysfs sys /sys
$B mount -t devtmpfs dev /dev
$B mkdir /tmp
$B mount -t tmpfs tmp /tmp
$B mkdir -p /tmp/one/two
$B mkfifo /tmp/fifo
echo hello > /tmp/one/two/file
$B cp /bin/busybox /tmp/busybox
# Directories in a mount, a pipe, a file and a program that are no longer there.
echo gone > /tmp/gone
/tmp/busybox sleep 100000 6< /tmp/gone 7< /tmp/one/two/file 8<> /tmp/fifo 9> /dev/null | $B cat &
$B sleep 1
$B rm /tmp/busybox /tmp/gone
for p in $($B ps -o pid,args | $B grep -E 'sleep 100000|busybox cat' | $B grep -v grep | $B awk '{print $1}'); do
  echo "MAPS $p"; $B cat /proc/$p/maps
  echo "FILES $p"; $B ls -l /proc/$p/fd
  echo END
done
$B ps -o pid,ppid,comm
echo "UPTIME $($B cat /proc/uptime)"
echo "DATE $($B date +%s)"
echo c > /proc/sysrq-trigger
