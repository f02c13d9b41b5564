import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.fft import next_fast_len

from napari_seamnet.nets.lengths import fast_size


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_large_enough_even_and_of_small_factors(rows, columns):
    size = fast_size((rows, columns))
    assert np.all(np.array(size) >= (rows, columns))
    assert size[1] % 2 == 0
    assert all(next_fast_len(n, real=True) == n for n in size)
    assert size[0] * size[1] < 1.35 * (rows + 4) * (columns + 4)
