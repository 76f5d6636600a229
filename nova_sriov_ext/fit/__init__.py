"""Whether a host's devices serve a server: no I/O, no Nova service."""
