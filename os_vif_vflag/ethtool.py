"""Features of netdevs, by ethtool's netlink family (Linux 5.7 and later).

pyroute2 knows the family's other messages; the numbers of this one are those
of include/uapi/linux/ethtool_netlink.h.
"""

from pyroute2.netlink import NLM_F_ACK
from pyroute2.netlink import NLM_F_REQUEST
from pyroute2.netlink import genlmsg
from pyroute2.netlink.generic import GenericNetlinkSocket
from pyroute2.netlink.generic import ethtool

HW_TC_OFFLOAD = 'hw-tc-offload'


class Features(genlmsg):
    nla_map = (
        ('ETHTOOL_A_FEATURES_UNSPEC', 'none'),
        ('ETHTOOL_A_FEATURES_HEADER', 'ethtoolheader'),
        ('ETHTOOL_A_FEATURES_HW', 'ethtoolbitset'),
        ('ETHTOOL_A_FEATURES_WANTED', 'ethtoolbitset'),
    )
    ethtoolheader = ethtool.ethtoolheader
    ethtoolbitset = ethtool.ethtoolbitset


class Ethtool(GenericNetlinkSocket):

    def turn_on(self, names, feature):
        """Turn a feature on; where it is on already nothing happens.

        :param names: of netdevs
        :param feature: as ``ethtool -k`` names it
        :returns: dict name → why it is still off, for those where it is
        :raises pyroute2.netlink.exceptions.NetlinkError: kernel without this
        """
        self.bind(ethtool.ETHTOOL_GENL_NAME, Features)
        refusals = {name: self._turn_on(name, feature) for name in names}
        return {name: why for name, why in refusals.items() if why}

    def _turn_on(self, name, feature):
        try:
            answers = list(self.nlm_request(
                _request(name, feature), msg_type=self.prid,
                msg_flags=NLM_F_REQUEST | NLM_F_ACK))
        except ethtool.NetlinkError as e:
            return str(e.args[-1])
        # Wanted, but not active: ethnl_set_features replies with the
        # difference, which is empty when the driver did it.
        return ('the driver does not offer it'
                if any(map(_differs, answers)) else None)


def _request(name, feature):
    message = Features()
    message['cmd'] = ethtool.ETHTOOL_MSG_FEATURES_SET
    message['version'] = ethtool.ETHTOOL_GENL_VERSION
    bit = {'attrs': [('ETHTOOL_A_BITSET_BIT_NAME', feature),
                     ('ETHTOOL_A_BITSET_BIT_VALUE', True)]}
    message['attrs'] = [
        ('ETHTOOL_A_FEATURES_HEADER',
         {'attrs': [('ETHTOOL_A_HEADER_DEV_NAME', name)]}),
        ('ETHTOOL_A_FEATURES_WANTED',
         {'attrs': [('ETHTOOL_A_BITSET_BITS', {
             'attrs': [('ETHTOOL_A_BITSET_BITS_BIT', bit)]})]})]
    return message


def _differs(answer):
    wanted = answer.get_attr('ETHTOOL_A_FEATURES_WANTED')
    bits = wanted and wanted.get_attr('ETHTOOL_A_BITSET_BITS')
    return bool(bits and bits['attrs'])
