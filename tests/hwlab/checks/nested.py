#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""A guest of the guest: a domain of libvirt with a small Linux in it."""

import contextlib
import os
import pathlib
import subprocess
import time

import libvirt
from lxml import etree

from tests.hwlab.checks import kernel

ADDRESS, WIRE = '192.0.2.2', '192.0.2.1'
# Seconds: an emulated machine in an emulated machine.
PATIENCE = 400
_FOLDER = pathlib.Path('/tmp/nested')
_CONSOLE = '/lab/results/nested'
# Its netdevs come and go with VFs.
_INIT = f"""#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys
insmod /igbvf.ko
echo it is up
while :; do
    for netdev in /sys/class/net/eth*; do
        name=${{netdev##*/}}
        ip link set $name up 2>/dev/null &&
            ip addr add {ADDRESS}/24 dev $name 2>/dev/null &&
            echo $name has {ADDRESS}
    done
    sleep 1
done
"""
_PACK = (
    'cp /usr/bin/busybox bin/ && xz -dc "$1" >igbvf.ko && '
    'find init igbvf.ko bin proc sys dev | cpio -o -H newc >initrd')
_DOMAIN = """
<domain type="{kind}"><name>{name}</name><uuid>{uuid}</uuid>
<memory unit="MiB">{memory}</memory><vcpu>1</vcpu>
<os><type arch="x86_64" machine="q35">hvm</type>{boot}</os>
<features><acpi/></features><on_reboot>destroy</on_reboot>
<devices><controller type="pci" index="0" model="pcie-root"/>
<controller type="pci" index="1" model="pcie-root-port"/>
<controller type="pci" index="2" model="pcie-root-port"/>
<controller type="pci" index="3" model="pcie-root-port"/>
<serial type="file"><source path="{console}"/></serial>
<memballoon model="none"/></devices></domain>"""
_BOOT = ('<kernel>/vmlinuz</kernel><initrd>/tmp/nested/initrd</initrd>'
         '<cmdline>console=ttyS0 quiet mitigations=off panic=1 '
         'nokaslr cryptomgr.notests no_timer_check 8250.nr_uarts=1</cmdline>')


def connect():
    libvirt.registerErrorHandler(lambda *_: None, None)
    return libvirt.open('qemu:///system')


@contextlib.contextmanager
def domain(uuid, *interfaces, linux=False):
    """A domain that runs, with interfaces as the compute driver makes them.

    :param linux: without it, it has nothing but its firmware
    :raises libvirt.libvirtError: it does not start
    """
    name = f'instance-{uuid[:8]}'
    xml = etree.fromstring(_DOMAIN.format(
        kind='kvm' if os.path.exists('/dev/kvm') else 'qemu',
        name=name, uuid=uuid, memory=256 if linux else 64,
        boot=_BOOT if linux else '', console=f'{_CONSOLE}-{name}'))
    xml.find('devices').extend(one.format_dom() for one in interfaces)
    text = etree.tostring(xml, encoding='unicode')
    print(text)
    connection = connect()
    running = connection.createXML(text)
    try:
        yield running
    finally:
        with contextlib.suppress(libvirt.libvirtError):
            running.destroy()


def make_initrd():
    (_FOLDER / 'bin').mkdir(parents=True, exist_ok=True)
    for name in ('proc', 'sys', 'dev'):
        (_FOLDER / name).mkdir(exist_ok=True)
    init = _FOLDER / 'init'
    init.write_text(_INIT)
    init.chmod(0o755)
    module = kernel.run('modinfo', '-n', 'igbvf').strip()
    subprocess.run(['sh', '-c', _PACK, 'sh', module], check=True, cwd=_FOLDER)


def says(uuid, words, patience=PATIENCE):
    """Wait until the console has a line."""
    console = pathlib.Path(f'{_CONSOLE}-instance-{uuid[:8]}')
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if console.exists() and words in console.read_text(errors='replace'):
            return True
        time.sleep(2)
    return False


def pings(netdev, count=5):
    """How many of these over a netdev are answered by the nested guest."""
    out = kernel.run('ping', '-I', netdev, '-c', count, '-i', '1', '-W',
                     '20', ADDRESS, check=False)
    return out.count('bytes from')
