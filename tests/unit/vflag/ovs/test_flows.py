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
"""Dumps as versions of Open vSwitch print them."""

import pytest

from os_vif_vflag.ovs import flows

# 2.12, --names without -m: as operators know it.
NAMES = (
    'in_port(bond0),eth(src=98:5d:82:b5:d2:e5,dst=fa:16:3e:44:44:71),'
    'eth_type(0x8100),vlan(vid=540,pcp=0),encap(eth_type(0x0800),'
    'ipv4(frag=no)), packets:29, bytes:2842, used:0.550s, '
    'actions:pop_vlan,eth9\n')
# 2.13 and later, -m; a tunnel, connection tracking, a first table.
VERBOSE = '''\
ufid:25030bd6-d82f-473f-b8b3-40aebe04e33a, skb_priority(0/0),\
tunnel(tun_id=0x5,src=172.31.4.150,dst=172.31.2.150,ttl=0/0,tp_dst=6081,flags(+key)),\
skb_mark(0/0),ct_state(0/0x21),recirc_id(0),dp_hash(0/0),\
in_port(genev_sys_6081),packet_type(ns=0/0,id=0/0),eth(src=00:17:21:62:55:10,\
dst=00:17:21:62:55:20),eth_type(0x0800),ipv4(proto=1,frag=no),\
icmp(type=0/0,code=0/0), packets:36, bytes:3024, used:0.320s, offloaded:yes, \
dp:tc, actions:set(ipv4(ttl=62)),ct(zone=1,nat),recirc(0x21)
ufid:34a47ff4-1e36-41cd-953e-909b51e5bf79, recirc_id(0),dp_hash(0/0),\
skb_priority(0/0),in_port(ens1f0),eth(src=88:2a:5e:a9:30:ea),eth_type(0/0xffff)\
, packets:200, bytes:23800, used:0.276s, dp:ovs, actions:drop
ufid:4232db89-e385-416f-bdfa-adf82ea5a5dc, recirc_id(0),in_port(eth9),\
eth(dst=01:80:c2:00:00:0e),eth_type(0x88cc), packets:0, bytes:0, used:never, \
dp:tc, actions:push_vlan(vid=540,pcp=0),bond0,pop_vlan,\
tnl_push(tnl_port(genev_sys_6081),header(size=50,type=5),out_port(br-ex)),eth8
'''
USERSPACE = '''\
flow-dump from the main thread:
flow-dump from pmd on cpu core: 3
ufid:7c1d0c1e-0000-4000-8000-0123456789ab, recirc_id(0),in_port(dpdk0),\
packet_type(ns=0,id=0),eth(src=aa:aa:aa:aa:aa:01),eth_type(0x0800),\
ipv4(frag=no), packets:7, bytes:686, used:0.1s, flags:SP., offloaded:partial, \
dp:ovs, actions:rep0, dp-extra-info:miniflow_bits(5,1)
'''


def test_names_as_operators_know_them():
    flow, = flows.parse(NAMES)
    assert (flow.in_port, flow.packets, flow.layer, flow.offloaded) == (
        'bond0', 29, '', False)
    assert [flow.touches(port) for port in ('bond0', 'eth9', 'eth', '540')
            ] == [True, True, False, False]


def test_where_a_flow_is():
    found = flows.parse(VERBOSE)
    assert [(flow.layer, flow.offloaded, flow.packets) for flow in found] == [
        ('tc', True, 36), ('ovs', False, 200), ('tc', False, 0)]
    assert [flow.in_port for flow in found] == [
        'genev_sys_6081', 'ens1f0', 'eth9']
    assert found[0].key == '25030bd6-d82f-473f-b8b3-40aebe04e33a'


@pytest.mark.parametrize('port', ['bond0', 'eth8', 'genev_sys_6081', 'br-ex'])
def test_each_port_that_it_goes_to(port):
    assert flows.parse(VERBOSE)[2].touches(port)


def test_in_user_space_a_flow_in_part_is_not_in_hardware():
    flow, = flows.parse(USERSPACE)
    assert (flow.in_port, flow.layer, flow.offloaded) == (
        'dpdk0', flows.PARTIAL, False)
    assert flow.touches('rep0')


def test_each_thread_has_a_flow_of_its_own():
    """Under the same id: one must not stand for the other."""
    line = USERSPACE.splitlines()[2]
    found = flows.parse('\n'.join((
        'flow-dump from pmd on cpu core: 3', line,
        'flow-dump from pmd on cpu core: 4', line)))
    assert len({flow.key for flow in found}) == 2


@pytest.mark.parametrize('text', [
    '', '\n\n', 'ovs-appctl: unknown', VERBOSE[:300], 'packets:, actions:'])
def test_what_is_not_a_flow(text):
    assert flows.parse(text) == []


def test_many_flows_are_read_at_once(benchmark):
    found = benchmark.pedantic(flows.parse, (VERBOSE * 3000,), rounds=1)
    assert len(found) == 9000
