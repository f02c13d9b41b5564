"""What can go wrong with a whole grid: one small family, whose base is a `ValueError`."""

from __future__ import annotations


class GridError(ValueError):
    """The seams of a layout cannot be estimated; the message says why, and the way out."""


class SeamError(GridError):
    """One or more seams could not be estimated; the message names the frames and the reason."""


class ClusterError(GridError):
    """There is no dask cluster, or it has gone; the message says what to do."""


class JournalError(GridError):
    """A journal of seams cannot be used; the message names the file. It is never deleted."""


class OverlapUnknownError(GridError):
    """The pictures do not tell how far neighbours overlap; the message names what was found."""
