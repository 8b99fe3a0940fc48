#!/usr/bin/env python3
"""Make the lab's dumps of a RISC-V Linux guest, which ../shared/lab/lab has no scenario for: riscv64-guest.py OUT [LAB-SCRIPT]

OUT is the folder of the lab's guests (VMCORE_LAB); the dumps go to OUT/riscv64. Kernel and busybox are Debian 13's, downloaded by apt into ~/.cache/vmcore-lab/riscv64
without being installed. Needs qemu-system-misc, opensbi, gcc-riscv64-linux-gnu, libc6-dev-riscv64-cross, xz, cpio. Takes a minute, then 30 seconds.
"""
import glob, importlib.machinery, importlib.util, os, re, subprocess, sys

OUT = os.path.abspath(sys.argv[1] + '/riscv64')
SCRIPT = sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../../shared/lab/lab')
CACHE = os.path.expanduser(os.environ.get('VMCORE_LAB_CACHE', '~/.cache/vmcore-lab') + '/riscv64')
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
CPU = 'rv64,svpbmt=on,svnapot=on,h=on'


def load_lab():
    loader = importlib.machinery.SourceFileLoader('lab', SCRIPT)
    lab = importlib.util.module_from_spec(importlib.util.spec_from_loader('lab', loader))
    loader.exec_module(lab)
    return lab


def fetch():
    """The files of the kernel's package and busybox's, once."""
    root = f'{CACHE}/root'
    if os.path.isdir(root): return root
    for folder in ('state/lists/partial', 'cache/archives/partial', 'debs'): os.makedirs(f'{CACHE}/{folder}', exist_ok=True)
    with open(f'{CACHE}/sources.list', 'w') as f: f.write(f'deb [signed-by={KEYRING}] http://deb.debian.org/debian trixie main\n')
    open(f'{CACHE}/status', 'w').close()
    settings = {'Dir::Etc::sourcelist': f'{CACHE}/sources.list', 'Dir::Etc::sourceparts': '-', 'Dir::State': f'{CACHE}/state', 'Dir::State::status': f'{CACHE}/status',
                'Dir::Cache': f'{CACHE}/cache', 'APT::Architecture': 'riscv64', 'APT::Architectures': 'riscv64'}
    options = [part for name, value in settings.items() for part in ('-o', f'{name}={value}')]
    subprocess.run(['apt-get', '-qq', *options, 'update'], check=True)
    depends = subprocess.run(['apt-cache', *options, 'depends', 'linux-image-riscv64'], capture_output=True, text=True, check=True).stdout
    kernel = re.search(r'linux-image-\d\S*', depends).group(0)
    subprocess.run(['apt-get', '-qq', *options, 'download', kernel, 'busybox-static'], check=True, cwd=f'{CACHE}/debs')
    for package in glob.glob(f'{CACHE}/debs/*.deb'): subprocess.run(['dpkg', '-x', package, root + '.part'], check=True)
    os.rename(root + '.part', root)
    return root


lab, root = load_lab(), fetch()
os.makedirs(OUT, exist_ok=True)
module = glob.glob(f'{root}/usr/lib/modules/*/kernel/drivers/firmware/qemu_fw_cfg.ko.xz')[0]
with open(f'{OUT}/qemu_fw_cfg.ko', 'wb') as f: subprocess.run(['xz', '-dc', module], stdout=f, check=True)
cc = 'riscv64-linux-gnu-gcc'
files = [(f'{root}/usr/bin/busybox', 'bin/busybox'), (f'{OUT}/qemu_fw_cfg.ko', 'mod/qemu_fw_cfg.ko')]
files += [(lab.compile_static(f'{name}.c', f'{OUT}/{name}', cc), f'bin/{name}') for name in ('marker', 'dirty')]
initrd = lab.initrd(f'{OUT}/initrd.gz', f'{os.path.dirname(os.path.abspath(SCRIPT))}/guests/guest-init.sh', files)
kernel = glob.glob(f'{root}/boot/vmlinu*')[0]
args = ['-M', 'virt', '-cpu', CPU, '-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyS0 earlycon=sbi panic=-1']
lab.take_all(lab.Guest(OUT, 'qemu-system-riscv64', args, 256, 2, 'BOOTED-OK', 600), False)
