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

"""What the system's own tools say of the host: what we are compared with."""

import json
import os
import pathlib
import subprocess

PCI = pathlib.Path('/sys/bus/pci/devices')
# Of igb's own driver; the functions of the card that netdevsim has.
IGB = '0000:01:00.0'
CARD = ('0000:02:00.0', '0000:02:00.1')


def run(*argv, check=True):
    """A program's output, which is evidence as well."""
    words = [str(word) for word in argv]
    done = subprocess.run(words, capture_output=True, text=True,
                          timeout=300)
    print(f'$ {" ".join(words)}\n{done.stdout}{done.stderr}')
    if check and done.returncode:
        raise AssertionError(f'{" ".join(words)}: {done.stderr.strip()}')
    return done.stdout


def links():
    """Every netdev as ip shows it, by name."""
    return {link['ifname']: link
            for link in json.loads(run('ip', '-j', '-d', 'link', 'show'))}


def children(address):
    """Names of the netdevs of a PCI device, by ip."""
    return [name for name, link in links().items()
            if link.get('parentdev') == address]


def uplink(pf):
    """The netdev of a PF that is no VF's representor, by ip."""
    name, = (name for name in children(pf) if 'vf' not in links()[name].get(
        'phys_port_name', ''))
    return name


def vfs(pf):
    """PCI addresses of a PF's VFs, by their number."""
    numbered = {int(link.name[6:]): os.path.basename(os.readlink(link))
                for link in (PCI / pf).glob('virtfn*')}
    return [numbered[number] for number in sorted(numbered)]


def lspci():
    """PCI address → {'Driver': …} and what else lspci says of it."""
    found = {}
    for block in run('lspci', '-D', '-vmmk').strip().split('\n\n'):
        row = dict(line.split(':\t', 1) for line in block.splitlines())
        found[row['Slot']] = row
    return found


def mode(pf):
    """eswitch mode by devlink; None without devlink."""
    found = run('devlink', '-j', 'dev', 'eswitch', 'show', f'pci/{pf}',
                check=False)
    row = json.loads(found or '{}').get('dev', {}).get(f'pci/{pf}', {})
    return row.get('mode')


def representors(pf):
    """Number of a VF → name of its representor, by devlink."""
    ports = json.loads(run('devlink', '-j', 'port', 'show'))['port']
    return {port['vfnum']: port['netdev'] for name, port in ports.items()
            if name.startswith(f'pci/{pf}/') and port['flavour'] == 'pcivf'
            and 'netdev' in port}


def vf_info(pf):
    """What ip shows of a PF's VFs, by their number."""
    shown = json.loads(run('ip', '-j', '-d', 'link', 'show', 'dev',
                           uplink(pf)))
    return {vf['vf']: vf for vf in shown[0]['vfinfo_list']}


def set_vfs(pf, count):
    """Make VFs, or take them away."""
    file = PCI / pf / 'sriov_numvfs'
    if int(file.read_text()) != count:
        file.write_text('0')
        file.write_text(str(count))
    settle()


def set_mode(pf, mode):
    run('devlink', 'dev', 'eswitch', 'set', f'pci/{pf}', 'mode', mode)
    settle()


def settle():
    """udev has given names."""
    run('udevadm', 'settle', '--timeout=120')


def bind(address, driver):
    """Give a PCI device to a driver; None: to nobody."""
    device = PCI / address
    if (device / 'driver').exists():
        (device / 'driver' / 'unbind').write_text(address)
    if driver:
        (device / 'driver_override').write_text(driver)
        pathlib.Path('/sys/bus/pci/drivers_probe').write_text(address)
    settle()
