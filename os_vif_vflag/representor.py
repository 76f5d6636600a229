"""VF → representor netdev."""

from os_vif_vflag import exception


def find(host, vf_address):
    """Find the representor of a VF.

    :param host: host.Host
    :param vf_address: PCI address of the VF
    :returns: name of the representor netdev
    :raises exception.VfNotFound, exception.NotAVf: see Host.vf
    :raises exception.NotSwitchdev: the PF has no VF representors at all
    :raises exception.RepresentorNotFound: it has, but none for this VF
    :raises exception.RepresentorAmbiguous: more than one fits; never a guess
    """
    pf, vf = host.vf(vf_address)
    netdevs = _representors(host, pf)
    if not netdevs:
        raise exception.NotSwitchdev(vf=vf_address, pf=pf)
    fits = [n.name for n in netdevs if n.represents(vf.number)]
    if len(fits) == 1:
        return fits[0]
    facts = {'vf': vf_address, 'pf': pf, 'number': vf.number}
    if fits:
        raise exception.RepresentorAmbiguous(
            candidates=', '.join(fits), **facts)
    raise exception.RepresentorNotFound(**facts)


def _representors(host, pf):
    """All VF representors that may belong to the PF.

    :returns: list of host.Netdev
    """
    children = host.netdevs(pf)
    found = [n for n in children if n.is_vf_representor]
    uplink = host.uplink(children)
    if found or uplink is None:
        return found
    # Before Linux 5.8 they have no parent. The switch id is the card's, so
    # the index of the card's port tells its PFs apart, where both state it.
    switch_id = host.switch_id(uplink.name)
    return [n for n in host.parentless_netdevs(switch_id)
            if n.is_vf_representor and _same_port(uplink.port, n.port)] \
        if switch_id else []


def _same_port(uplink, representor):
    """Whether two port names may be of one port of the card."""
    if uplink is None or None in (uplink.pf, representor.pf):
        return True
    return uplink.pf == representor.pf
