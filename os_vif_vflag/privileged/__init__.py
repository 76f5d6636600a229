"""What needs privileges, and the calls to it."""
