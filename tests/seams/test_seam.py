from napari_seamnet.geometry import Offset
from napari_seamnet.seams.seam import Seam, pairs_of


def test_pairs_are_two_columns_even_of_no_seam():
    seams = [Seam(0, 1, Offset(0, 90)), Seam(0, 2, Offset(90, 0))]
    assert pairs_of(seams).tolist() == [[0, 1], [0, 2]]
    assert pairs_of([]).shape == (0, 2)
