"""Makes ``compute_driver = sriov_ext.SriovLibvirtDriver`` importable.

Nova imports compute drivers as ``nova.virt.<option>`` (nova/virt/driver.py,
``load_compute_driver``), so this one module stands in Nova's name space.
"""

from nova_sriov_ext.virt.libvirt.driver import SriovLibvirtDriver

__all__ = ['SriovLibvirtDriver']
