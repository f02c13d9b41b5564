"""Mosaics on disk: OME-Zarr and OME-TIFF with their pyramids, written whole or not at all."""

from .by_name import export
from .ome_tiff import save_ome_tiff
from .ome_zarr import save_ome_zarr
from .picture import Picture
from .target import checked_path

__all__ = ["Picture", "checked_path", "export", "save_ome_tiff", "save_ome_zarr"]
