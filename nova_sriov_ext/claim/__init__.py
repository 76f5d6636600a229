"""The only package that reaches into Nova's PCI claim."""
