"""SR-IOV VFs as a resource of Placement: one class per physnet."""
