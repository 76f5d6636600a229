"""os-vif plugin ``vflag``: VF representors in Open vSwitch.

Knows the host and Open vSwitch, imports nothing of Nova.
"""
