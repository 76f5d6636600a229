"""What a server requests of a host."""
