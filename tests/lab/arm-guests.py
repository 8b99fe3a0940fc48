#!/usr/bin/env python3
"""Makes the 32-bit ARM guests, which the lab script has no scenario for: `arm-guests.py LAB_SCRIPT OUT [NAME...]`. Needs Debian and root, as the lab does; a guest takes about 20 seconds."""
import importlib.machinery
import importlib.util
import os
import subprocess
import sys

GUESTS = {'arm': 'linux-image-armmp', 'arm-lpae': 'linux-image-armmp-lpae'}

script, out, names = sys.argv[1], sys.argv[2], sys.argv[3:] or list(GUESTS)
sys.argv = [script]
loader = importlib.machinery.SourceFileLoader('lab', script)
lab = importlib.util.module_from_spec(importlib.util.spec_from_loader('lab', loader))
loader.exec_module(lab)

os.makedirs(lab.CACHE, exist_ok=True)
if not os.path.exists(f'{lab.CACHE}/installed-armhf'):
    subprocess.run(['dpkg', '--add-architecture', 'armhf'], check=True)
    subprocess.run(['apt-get', '-qq', 'update'], check=False)
    tools = ['gcc-arm-linux-gnueabihf', 'libc6-dev-armhf-cross']
    subprocess.run(['apt-get', '-qq', 'install', '-y', '--no-install-recommends', *tools], check=True, env={**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'})
    open(f'{lab.CACHE}/installed-armhf', 'w').close()
for name in names:
    folder = os.path.abspath(f'{out}/{name}')
    os.makedirs(folder, exist_ok=True)
    lab.other('qemu-system-arm', ['-M', 'virt', '-cpu', 'cortex-a15'], GUESTS[name], 'armhf', 'arm-linux-gnueabihf-gcc', 'ttyAMA0', 160)(folder, False)
