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

"""The guest: QEMU 10 of the tree, without KVM.

Its cards are igb, the one SR-IOV card that QEMU emulates: one for igb's own
driver, whose wire ends in a netdev of the guest, where a check sees what the
card sends; and one of two functions for netdevsim.
"""

import pathlib
import subprocess

from tests.hwlab import command

# The wire's end, by which a check finds it.
WIRE_MAC = '52:54:00:00:00:01'
_MEMORY = '3072'
# With ARI the kernel finds the other function by its number in the first.
_OPTIONS = f"""
-accel tcg,thread=multi -cpu max -machine q35 -smp 2 -m {_MEMORY}
-nodefaults -no-user-config -display none -monitor none -no-reboot
-device intel-iommu,intremap=on
-netdev hubport,id=card0,hubid=0 -netdev hubport,id=wire0,hubid=0
-device pcie-root-port,id=slot1,chassis=1
-device igb,bus=slot1,netdev=card0,mac=52:54:00:00:01:00,romfile=
-device pcie-root-port,id=slot2,chassis=2
-device igb,bus=slot2,addr=0.1,mac=52:54:00:00:02:01,romfile=
-device igb,bus=slot2,addr=0.0,multifunction=on,x-pcie-ari-nextfn-1=on,\
mac=52:54:00:00:02:00,romfile=
-device virtio-net-pci,netdev=wire0,mac={WIRE_MAC},romfile=
-drive file=/mnt/image/root.img,format=raw,if=virtio,snapshot=on
-drive file=/mnt/packages/site.img,format=raw,if=virtio,readonly=on
-virtfs local,path=/mnt/run,mount_tag=lab,security_model=none
-serial file:/mnt/run/results/console
-kernel /vmlinuz -initrd /initrd.img
"""
_KERNEL = ('root=/dev/vda rw console=ttyS0 quiet panic=1 intel_iommu=on '
           'iommu=pt init=/usr/local/sbin/init')


def start(tree: pathlib.Path, cache: pathlib.Path,
          log: pathlib.Path) -> subprocess.Popen[bytes]:
    """Boot it; the process ends when it turns itself off."""
    with log.open('wb') as file:
        return subprocess.Popen(
            command.inside(tree, ['qemu-system-x86_64', *_OPTIONS.split(),
                                  '-append', _KERNEL], {'/mnt': cache}),
            stdin=subprocess.DEVNULL, stdout=file,
            stderr=subprocess.STDOUT)
