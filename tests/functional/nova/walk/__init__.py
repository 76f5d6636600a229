"""A random walk through Nova's API, see machine.py."""
