"""The kernel's names, numbers and messages."""
