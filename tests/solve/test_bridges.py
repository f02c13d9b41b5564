import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_seamnet.solve.bridges import find_bridges
from napari_seamnet.solve.least_squares import connected


def test_all_of_a_chain_are_bridges_and_none_of_a_ring():
    chain = [(k, k + 1) for k in range(5000)]
    assert find_bridges(5001, chain) == set(range(5000))
    assert find_bridges(5001, [*chain, (5000, 0)]) == set()


def test_what_is_there_twice_is_no_bridge():
    assert find_bridges(3, [(0, 1), (1, 0), (1, 2)]) == {2}


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda p: p[0] != p[1])))
def test_without_a_bridge_there_is_one_part_more_and_without_another_there_is_not(pairs):
    bridges = find_bridges(8, pairs)
    parts = len(np.unique(connected(8, pairs)))
    for k in range(len(pairs)):
        without = len(np.unique(connected(8, pairs[:k] + pairs[k + 1 :])))
        assert without == parts + (k in bridges)
