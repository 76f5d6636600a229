"""The ``<interface>`` of SR-IOV VIFs: which VIF becomes what.

Each function fills one of Nova's own config classes
(nova/virt/libvirt/config.py): Nova finds the device to detach by their type.
"""

import re

from nova.network import model

from nova_sriov_ext import exception

# libvirt refuses a longer one: LIBVIRT_PROFILEID_MAX less the final NUL
# (libvirt, src/util/virnetdevvportprofile.h: 40).
PROFILE_ID_MAX = 39

VLAN_MAX = 4094

# What Nova (MAX_DOMAIN in nova/pci/devspec.py) and os-vif (PCIAddressField)
# take; libvirt would take longer domains.
_PCI_ADDRESS = re.compile(
    r'[0-9a-f]{4}:[0-9a-f]{2}:[0-1][0-9a-f]\.[0-7]', re.IGNORECASE)

# What XML 1.0 cannot carry at all, however escaped, and line breaks, which
# an attribute would silently turn into spaces.
_UNPRINTABLE = re.compile('[\x00-\x1f\ud800-\udfff\ufffe\uffff]')

# libvirt takes these but writes them as they are (virNetDevVPortProfileFormat
# in src/conf/netdev_vport_profile_conf.c, seen with 9.0): whatever it writes
# from then on, the file of the domain included, is no XML any more, or has
# attributes that the profile id smuggled in.
_UNESCAPED = re.compile("[<&']")


def hw_veb(conf, vif, driver):
    """VF of an embedded switch in legacy mode: VLAN set on the VF."""
    _hostdev(conf, vif)
    conf.vlan = vlan(vif)
    return conf


def vm_fex(conf, vif, driver):
    """VF of an 802.1Qbh (VM-FEX) card: virtualport with a port profile."""
    _hostdev(conf, vif)
    conf.vporttype = '802.1Qbh'
    conf.add_vport_param('profileid', _profile_id(vif))
    return conf


def switchdev(conf, vif, driver):
    """VF in switchdev mode: VLAN and profile live in Open vSwitch."""
    _hostdev(conf, vif)
    return conf


def _hostdev(conf, vif):
    conf.net_type = 'hostdev'
    conf.source_dev = pci_slot(vif)


def pci_slot(vif):
    """:returns: PCI address of the VF
    :raises exception.InvalidPort: it has none, or what is there is none
    """
    slot = (vif['profile'] or {}).get('pci_slot')
    if not isinstance(slot, str) or not _PCI_ADDRESS.fullmatch(slot):
        raise exception.InvalidPort(
            port=vif['id'],
            problem=f'binding:profile has pci_slot {slot!r}, which is no PCI '
                    'address of the form 0000:03:00.2',
            remedy='Nova writes it when it binds the port; remove what was '
                   'written by hand and create the server again')
    # As libvirt writes it, and Nova compares it when it detaches.
    return slot.lower()


def vlan(vif):
    """:returns: int, 0 for none
    :raises exception.InvalidPort: it has none, or what is there is none
    """
    text = (vif['details'] or {}).get(model.VIF_DETAILS_VLAN)
    try:
        number = int(text)
    except (TypeError, ValueError):
        number = -1
    if not 0 <= number <= VLAN_MAX:
        raise exception.InvalidPort(
            port=vif['id'],
            problem=f'binding:vif_details has vlan {text!r}, which is no '
                    f'VLAN id from 0 to {VLAN_MAX}',
            remedy='Put the port on a network of type vlan or flat (see '
                   'provider:segmentation_id)')
    return number


def _profile_id(vif):
    profile_id = (vif['details'] or {}).get(model.VIF_DETAILS_PROFILEID)
    problem = _problem_of_profile_id(profile_id)
    if problem:
        raise exception.InvalidPort(
            port=vif['id'],
            problem=f'its 802.1Qbh (VM-FEX) port profile id {problem}',
            remedy='The Neutron mechanism driver gives it as "profileid" in '
                   'binding:vif_details; use the name of a port profile of '
                   f'the switch, 1 to {PROFILE_ID_MAX} bytes without '
                   "< & '")
    return profile_id


def _problem_of_profile_id(profile_id):
    if not profile_id:
        return 'is missing'
    if not isinstance(profile_id, str) or _UNPRINTABLE.search(profile_id):
        return f'{profile_id!r} is no printable text'
    if _UNESCAPED.search(profile_id):
        return (f"{profile_id!r} has one of < & ', which libvirt does not "
                'escape')
    length = len(profile_id.encode())
    if length > PROFILE_ID_MAX:
        return (f'{profile_id!r} has {length} bytes, libvirt takes at most '
                f'{PROFILE_ID_MAX}')
    return None
