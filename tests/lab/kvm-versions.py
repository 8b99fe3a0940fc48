#!/usr/bin/env python3
"""Make the lab's KVM hosts of other ages: kvm-versions.py LAB-SCRIPT OUT HOST..., of kvm-host-5.10 and kvm-host-6.12. Like the lab's kvm-host, with Debian's kernels, downloaded by apt without being installed.

kvm-host-5.10 has no BTF of modules: its folder debug/ gets kvm.ko and its kin with DWARF (a package of 700 MB, of which 35 MB are kept). Its guests have no XSAVE: programs of theirs crash in emulated nested virtualization
otherwise. Takes three to ten minutes a host, 2 GB each.
"""
import glob, importlib.machinery, importlib.util, os, re, shutil, subprocess, sys, tempfile

SCRIPT, OUT, HOSTS = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:]
CACHE = os.path.expanduser(os.environ.get('VMCORE_LAB_CACHE', '~/.cache/vmcore-lab') + '/kvm-versions')
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
SUITES = {'5.10': ('debian-security', 'bullseye-security'), '6.12': ('debian', 'bookworm-backports')}
# What the first stage and the host load, under the names of all versions.
MODULES = ['virtio_blk', 'virtio', 'virtio_ring', 'virtio_pci', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'ext4', 'jbd2', 'mbcache', 'crc16', 'crc32c_generic', 'crc32c_intel', 'libcrc32c',
           'crc_t10dif', 'crct10dif_common', 'crct10dif_generic', 'irqbypass', 'kvm', 'kvm_amd', 'ccp', 'rng_core', 'qemu_fw_cfg']


def packages(version):
    """The folder of a version: root (the image's package) and debug (kvm modules with DWARF, for 5.10)."""
    target = f'{CACHE}/{version}'
    if os.path.isdir(target): return target
    work = f'{target}.part'; shutil.rmtree(work, ignore_errors=True)
    for folder in ('state/lists/partial', 'cache/archives/partial', 'debs', 'root', 'debug', 'plain'): os.makedirs(f'{work}/{folder}')
    archive, suite = SUITES[version]
    with open(f'{work}/sources.list', 'w') as f: f.write(f'deb [signed-by={KEYRING}] http://deb.debian.org/{archive} {suite} main\n')
    open(f'{work}/status', 'w').close()
    settings = {'Dir::Etc::sourcelist': f'{work}/sources.list', 'Dir::Etc::sourceparts': '-', 'Dir::State': f'{work}/state', 'Dir::State::status': f'{work}/status', 'Dir::Cache': f'{work}/cache',
                'APT::Architecture': 'amd64', 'APT::Architectures': 'amd64'}
    options = [part for name, value in settings.items() for part in ('-o', f'{name}={value}')]
    run = lambda *command: subprocess.run(command, check=True, capture_output=True, text=True, cwd=f'{work}/debs').stdout
    run('apt-get', '-qq', *options, 'update')
    images = re.findall(r'^(linux-image-' + re.escape(version) + r'\S*-amd64) - ', run('apt-cache', *options, 'search', '--names-only', f'^linux-image-{version}'), re.M)
    image = sorted((i for i in images if not re.search('cloud|rt', i)), key=lambda i: [int(n) for n in re.findall(r'\d+', i)])[-1]
    run('apt-get', '-qq', *options, 'download', image, *([f'{image}-dbg'] if version == '5.10' else []))
    for deb in glob.glob(f'{work}/debs/*.deb'):
        archive = subprocess.Popen(['dpkg-deb', '--fsys-tarfile', deb], stdout=subprocess.PIPE)
        only = ('debug', '--wildcards', '--strip-components=11', '*/arch/x86/kvm/*.ko') if '-dbg_' in deb else ('root',)
        subprocess.run(['tar', '-x', '-C', f'{work}/{only[0]}', *only[1:]], stdin=archive.stdout, check=True)
    for module in glob.glob(f'{work}/root/**/*.ko*', recursive=True):
        name = os.path.basename(module).split('.')[0]
        if name.replace('-', '_') not in MODULES: continue
        with open(f'{work}/plain/{name}.ko', 'wb') as f: subprocess.run(['xz', '-dc', module] if module.endswith('.xz') else ['cat', module], stdout=f, check=True)
    for folder in ('state', 'cache', 'debs'): shutil.rmtree(f'{work}/{folder}')
    os.rename(work, target)
    return target


lab = importlib.util.module_from_spec(importlib.util.spec_from_loader('lab', importlib.machinery.SourceFileLoader('lab', SCRIPT)))
lab.__loader__.exec_module(lab)
for host in HOSTS:
    version = host.removeprefix('kvm-host-'); folder = packages(version); out = f'{OUT}/{host}'
    os.makedirs(out, exist_ok=True); print(host, flush=True)
    lab.kernel = lambda meta, arch: (glob.glob(f'{folder}/root/boot/vmlinuz-*')[0], f'{folder}/plain')
    wanted = lambda names: {name.replace('-', '_') for name in names} | ({'crc_t10dif', 'crct10dif_common', 'crct10dif_generic'} if 'ext4' in names else set())
    lab.find_modules = lambda modules, *names: [f for f in sorted(glob.glob(f'{modules}/*.ko')) if os.path.basename(f)[:-3].replace('-', '_') in wanted(names)]
    with tempfile.TemporaryDirectory() as here:
        shutil.copytree(f'{os.path.dirname(os.path.abspath(SCRIPT))}/guests', f'{here}/guests')
        if version == '5.10':
            init = open(f'{here}/guests/host-init.sh').read()
            open(f'{here}/guests/host-init.sh', 'w').write(init.replace('-cpu host ', '-cpu host,-xsave '))
        lab.HERE = here
        lab.kvm_host(out, False)
    if version == '5.10': shutil.copytree(f'{folder}/debug', f'{out}/debug', dirs_exist_ok=True)
    for left in glob.glob(f'{out}/*.d'): shutil.rmtree(left)
    for left in ('marker', 'dirty'): os.unlink(f'{out}/{left}')
