"""The compute driver ``sriov_ext.SriovLibvirtDriver``."""

import json

import nova.conf
from nova.pci import whitelist
from nova.virt.libvirt import driver
from oslo_log import log as logging

from nova_sriov_ext import capacity
from nova_sriov_ext import conf as sriov_conf
from nova_sriov_ext import report
from nova_sriov_ext.virt.libvirt import extras
from nova_sriov_ext.virt.libvirt import vif
from os_vif_vflag.host import Host

CONF = sriov_conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)


class SriovLibvirtDriver(driver.LibvirtDriver):
    """Nova's libvirt driver with SR-IOV networking made dependable."""

    def __init__(self, virtapi, read_only=False):
        super().__init__(virtapi, read_only)
        # There has been no option for it since Nova 2014.2; LibvirtDriver
        # makes its own in __init__.
        self.vif_driver = vif.SriovVIFDriver(self._host)

    def get_available_resource(self, nodename):
        """Add the SR-IOV capacity of this host to Nova's ``stats``."""
        data = super().get_available_resource(nodename)
        if CONF.sriov.report_capacity:
            data.setdefault('stats', {}).update(
                _report(data['pci_passthrough_devices']))
        return data

    def _detach_with_retry(self, guest, instance_uuid, get_device_conf_func,
                           device_name):
        """Detach a device, an 802.1Qbg interface, too: of what Nova's class
        reads, it writes what libvirt refuses."""
        super()._detach_with_retry(
            guest, instance_uuid,
            lambda *args, **kwargs: extras.writable(
                get_device_conf_func(*args, **kwargs)),
            device_name)


def _report(devices):
    """:param devices: str, JSON as Nova's driver gives it
    :returns: dict for ``stats``, empty when the host cannot be read
    """
    try:
        rows = capacity.rows(Host().snapshot(), json.loads(devices),
                             whitelist.Whitelist(CONF.pci.device_spec))
        return {report.STATS_KEY: report.write(report.Report(rows))}
    except Exception:
        # Without this update nova-compute does not even start, and what it
        # is for is only told, not needed.
        LOG.exception('The SR-IOV capacity of this host cannot be reported')
        return {}
