"""Training: torch lives here and in `nets/`, nowhere else."""
