"""How networks learn: the simulator of pairs, and training."""
