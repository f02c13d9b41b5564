"""What programs that are not ours make of our files.

yaozarrs checks metadata and structure of OME-Zarr against the specification; bioio reads OME-TIFF
with its OME-XML; Pillow decodes it with libtiff, which shares no code with tifffile.
"""

import numpy as np
import pytest
import yaozarrs
from bioio_ome_tiff import Reader
from PIL import Image

from napari_seamnet.mosaic.export import export

KINDS = [("uint8", ()), ("uint16", ()), ("float32", ()), ("uint8", (3,)), ("uint8", (4,))]


@pytest.mark.parametrize(("dtype", "channels"), [*KINDS, ("uint64", ()), ("float64", (4,))])
@pytest.mark.parametrize("pixel_size", [None, (0.5, 0.25)])
@pytest.mark.usefixtures("small_pieces")
def test_yaozarrs_finds_picture_and_labels_valid(tmp_path, mosaic, dtype, channels, pixel_size):
    path = tmp_path / "m.ome.zarr"
    export(mosaic(dtype, channels), path, pixel_size=pixel_size, provenance=True)
    for part, model in (
        (path, yaozarrs.v05.Image),
        (path / "labels", yaozarrs.v05.LabelsGroup),
        (path / "labels/provenance", yaozarrs.v05.LabelImage),
    ):
        group = yaozarrs.validate_zarr_store(str(part))
        assert isinstance(group.ome_metadata(), model), part
    image = yaozarrs.open_group(str(path)).ome_metadata()
    levels = image.multiscales[0].datasets
    assert [one.scale_transform.scale[-1] for one in levels] == [
        (pixel_size or (1, 1))[1] * 2**k for k in range(len(levels))
    ]


def test_yaozarrs_would_find_a_mistake(tmp_path, mosaic):
    path = tmp_path / "m.ome.zarr"
    export(mosaic(), path)
    text = (path / "zarr.json").read_text()
    assert '"space"' in text
    (path / "zarr.json").write_text(text.replace('"space"', '"channel"'))
    with pytest.raises(ValueError, match="axes"):
        yaozarrs.validate_zarr_store(str(path))


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_bioio_reads_pixels_and_pixel_size(tmp_path, mosaic, dtype, channels, compression):
    one, path = mosaic(dtype, channels), tmp_path / "m.ome.tif"
    export(one, path, pixel_size=(0.5, 0.25), compression=compression)
    reader = Reader(path)
    assert (reader.physical_pixel_sizes.Y, reader.physical_pixel_sizes.X) == (0.5, 0.25)
    read = reader.get_image_data("YXS" if channels else "YX")
    np.testing.assert_array_equal(read, one.array().compute(), strict=True)


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.usefixtures("small_pieces")
def test_libtiff_reads_all_levels(tmp_path, mosaic, dtype, channels, compression):
    one, path = mosaic(dtype, channels), tmp_path / "m.ome.tif"
    export(one, path, compression=compression)
    whole = one.array().compute()
    with Image.open(path) as image:
        levels = [image, *image.get_child_images()]
        assert len(levels) == 6
        for k, level in enumerate(levels):
            np.testing.assert_array_equal(np.asarray(level), whole[:: 2**k, :: 2**k])
