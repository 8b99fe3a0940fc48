#!/usr/bin/env python3
"""Make the lab's dumps of Linux kernels of other ages, and of two kernels in one memory: linux-versions.py LAB-SCRIPT OUT GUEST...

linux-5.10 and linux-6.12 are guests like the lab's x86_64, linux-newest is of Debian's unstable. crashed-6.12 panicked and now runs its capture kernel; crashed-5.10 did so without KASLR, so both kernels are at the same virtual
addresses. Kernels are Debian's, downloaded by apt into ~/.cache/vmcore-lab/linux-versions without being installed: 60 to 120 MB each. Needs gcc, xz, cpio. Takes one to three minutes a guest.
"""
import glob, importlib.machinery, importlib.util, os, re, shutil, subprocess, sys

SCRIPT, OUT, GUESTS = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:]
HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.expanduser(os.environ.get('VMCORE_LAB_CACHE', '~/.cache/vmcore-lab') + '/linux-versions')
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
SUITES = {'5.10': 'bullseye-security', '6.12': 'trixie', 'newest': 'sid'}
MEMORY = {'5.10': 160, '6.12': 224, 'newest': 288}


def load_lab():
    loader = importlib.machinery.SourceFileLoader('lab', SCRIPT)
    lab = importlib.util.module_from_spec(importlib.util.spec_from_loader('lab', loader))
    loader.exec_module(lab)
    return lab


def kernel(version):
    """(vmlinuz, qemu_fw_cfg.ko) of a version, unpacked once."""
    root = f'{CACHE}/{version}'
    if not os.path.isdir(root):
        work = f'{CACHE}/{version}.part'
        shutil.rmtree(work, ignore_errors=True)
        for folder in ('state/lists/partial', 'cache/archives/partial', 'debs'): os.makedirs(f'{work}/{folder}')
        suite = SUITES[version]
        archive = 'debian-security' if suite.endswith('-security') else 'debian'
        with open(f'{work}/sources.list', 'w') as f: f.write(f'deb [signed-by={KEYRING}] http://deb.debian.org/{archive} {suite} main\n')
        open(f'{work}/status', 'w').close()
        settings = {'Dir::Etc::sourcelist': f'{work}/sources.list', 'Dir::Etc::sourceparts': '-', 'Dir::State': f'{work}/state', 'Dir::State::status': f'{work}/status',
                    'Dir::Cache': f'{work}/cache', 'APT::Architecture': 'amd64', 'APT::Architectures': 'amd64'}
        options = [part for name, value in settings.items() for part in ('-o', f'{name}={value}')]
        run = lambda *command: subprocess.run(command, check=True, capture_output=True, text=True, cwd=f'{work}/debs').stdout
        run('apt-get', '-qq', *options, 'update')
        image = re.search(r'Depends: (linux-image-\d\S*)', run('apt-cache', *options, 'depends', 'linux-image-amd64')).group(1)
        # Newer packages have the kernel and its modules apart.
        parts = re.findall(r'Depends: (linux-(?:binary|modules)-\S*)', run('apt-cache', *options, 'depends', image))
        run('apt-get', '-qq', *options, 'download', *(parts or [image]))
        for package in glob.glob(f'{work}/debs/*.deb'): subprocess.run(['dpkg', '-x', package, f'{work}/root'], check=True)
        os.rename(f'{work}/root', root); shutil.rmtree(work)
    image = (glob.glob(f'{root}/boot/vmlinuz-*') + glob.glob(f'{root}/usr/lib/modules/*/vmlinuz'))[0]
    module = glob.glob(f'{root}/**/qemu_fw_cfg.ko*', recursive=True)[0]
    if module.endswith('.xz'):
        subprocess.run(['xz', '-dkf', module], check=True); module = module[:-3]
    return image, module


def start(out, image, initrd, append, memory):
    return lab.Guest(out, 'qemu-system-x86_64', ['-cpu', 'max', '-device', 'vmcoreinfo', '-kernel', image, '-initrd', initrd, '-append', f'console=ttyS0 {append}'], memory, 2, 'BOOTED-OK')


def plain(out, version):
    image, module = kernel(version)
    files = [(busybox, 'bin/busybox'), (module, 'mod/qemu_fw_cfg.ko')] + [(lab.compile_static(f'{name}.c', f'{out}/{name}'), f'bin/{name}') for name in ('marker', 'dirty')]
    initrd = lab.initrd(f'{out}/initrd.gz', f'{os.path.dirname(os.path.abspath(SCRIPT))}/guests/guest-init.sh', files)
    lab.take_all(start(out, image, initrd, 'panic=-1', MEMORY[version]), False)


def crashed(out, version, append):
    image, module = kernel(version)
    subprocess.run(['gcc', '-O1', '-static', '-o', f'{out}/loadcrash', f'{HERE}/guests/loadcrash.c'], check=True)
    init = f'{HERE}/guests/crash-init.sh'
    files = [(busybox, 'bin/busybox'), (module, 'mod/qemu_fw_cfg.ko')]
    capture = lab.initrd(f'{out}/capture.gz', init, files)
    initrd = lab.initrd(f'{out}/initrd.gz', init, files + [(f'{out}/loadcrash', 'bin/loadcrash'), (image, 'vmlinuz'), (capture, 'capture.gz')])
    guest = start(out, image, initrd, f'crashkernel=192M {append}', 512)
    guest.dump('paging-off.elf'); guest.migrate('stream.qevm'); guest.quit()


SCENARIOS = {
    'linux-5.10': lambda out: plain(out, '5.10'),
    'linux-6.12': lambda out: plain(out, '6.12'),
    'linux-newest': lambda out: plain(out, 'newest'),
    'crashed-5.10': lambda out: crashed(out, '5.10', 'nokaslr'),
    'crashed-6.12': lambda out: crashed(out, '6.12', ''),
}

lab = load_lab()
busybox = f'{lab.package("busybox-static:amd64")}/bin/busybox'
for guest in GUESTS:
    folder = f'{OUT}/{guest}'
    os.makedirs(folder, exist_ok=True); print(guest, flush=True)
    SCENARIOS[guest](folder)
    for left in glob.glob(f'{folder}/*.d') : shutil.rmtree(left)
