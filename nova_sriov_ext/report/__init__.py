"""What a compute host tells schedulers."""
