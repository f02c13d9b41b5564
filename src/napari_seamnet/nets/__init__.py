"""The networks, one per file, and their weights; torch lives here, and is loaded on first use."""

from .build import NETWORKS, build

__all__ = ["NETWORKS", "build"]
