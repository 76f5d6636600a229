"""The machine: PFs, VFs, representors, bonds. No Open vSwitch."""
