"""fit says what Nova's own stats say: they are the oracle.

``support_requests`` is what stock PciPassthroughFilter asks for each host,
on a copy of the host's stats.
"""

import copy

import hypothesis
from hypothesis import strategies as st

from nova_sriov_ext.scheduler import fit
from tests.unit.scheduler import pools as given_pools

EXAMPLES = 2500

# Values that meet: the smaller the world and the more usual most of it, the
# more often a pool is the one asked for, or nearly. MISSING: no such key.
MISSING = object()
PHYSNETS = 5 * ('physnet0',) + ('PhysNet0', 'physnet1', None)
PRODUCTS = ('101e', '101e', '1521')
DEV_TYPES = 5 * ('type-VF',) + ('type-PF', 'type-PCI', 'vdpa')
FALSE = 4 * (MISSING, 'false') + ('False', 'no', '0')
TRUE = ('true', 'True', '1')


def _dicts(**values):
    return st.fixed_dictionaries(
        {key: st.sampled_from(some) for key, some in values.items()}
    ).map(lambda drawn: {key: value for key, value in drawn.items()
                         if value is not MISSING})


POOLS = st.lists(_dicts(
    vendor_id=('15b3',), numa_node=(None,), count=range(6),
    product_id=PRODUCTS,
    dev_type=DEV_TYPES,
    physical_network=(*PHYSNETS, MISSING),
    remote_managed=FALSE + TRUE,
    trusted=FALSE + TRUE,
    address=('0000:03:00.0', '0000:03:00.1'),
    live_migratable=4 * (MISSING,) + ('true', 'false'),
    rack=(MISSING, 'a')), min_size=2, max_size=7)

PORT_SPECS = _dicts(
    physical_network=PHYSNETS,
    remote_managed=7 * ('False',) + ('True',),
    dev_type=7 * (MISSING,) + ('type-PF', 'vdpa'),
    trusted=7 * (MISSING,) + ('True', 'False'))

ALIAS_SPECS = _dicts(
    vendor_id=('15b3', '15b3', '15B3', '8086'),
    product_id=(MISSING, *PRODUCTS),
    dev_type=(MISSING, *DEV_TYPES[:-1]),
    live_migratable=5 * (MISSING,) + ('true', 'false'),
    # Placement's business, stock ignores them here.
    resource_class=(MISSING, 'CUSTOM_NIC'), traits=(MISSING, 'CUSTOM_FAST'))

REQUESTS = st.lists(st.one_of(
    st.builds(lambda spec: given_pools.port_request(**spec), PORT_SPECS),
    st.builds(given_pools.alias_request, count=st.integers(1, 4),
              specs=st.lists(ALIAS_SPECS, min_size=1, max_size=3))),
    min_size=1, max_size=3)


def asked(requests):
    return [fit.Request(specs=tuple(r.spec), count=r.count, name='any')
            for r in requests]


@hypothesis.settings(max_examples=EXAMPLES)
@hypothesis.given(POOLS, REQUESTS)
@hypothesis.example([], [given_pools.port_request()])
@hypothesis.example([given_pools.pool()], [])
def test_fits_when_stock_supports(pools, requests):
    stats = given_pools.pci_stats(pools)
    before = copy.deepcopy(stats.pools)
    fits = fit.misfit(stats.pools, asked(requests)) is None
    assert stats.pools == before, 'fit changed the pools of the host'
    hypothesis.event(f'{len(requests)} requests, fits: {fits}')
    assert fits == stats.support_requests(requests, provider_mapping={})


def test_a_vf_serves_one_request_only():
    stats = given_pools.pci_stats([given_pools.pool(2)])
    requests = [given_pools.port_request() for _ in range(3)]
    for n, fits in ((2, True), (3, False)):
        assert stats.support_requests(requests[:n], {}) is fits
        assert (fit.misfit(stats.pools, asked(requests[:n])) is None) is fits


def test_an_alias_of_no_devices_still_needs_a_pool():
    """``pci_passthrough:alias = a1:0``: the claim refuses a host that has
    nothing which matches, whatever the number."""
    request = given_pools.alias_request(
        count=0, specs=[{'vendor_id': '8086'}])
    for vendor, fits in (('8086', True), ('15b3', False)):
        stats = given_pools.pci_stats([given_pools.pool(vendor_id=vendor)])
        assert stats.support_requests([request], {}) is fits
        assert (fit.misfit(stats.pools, asked([request])) is None) is fits
