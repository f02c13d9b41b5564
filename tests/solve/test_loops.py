import numpy as np

from napari_seamnet.geometry import Shift
from napari_seamnet.solve.loops import confirmed_seams, find_loops, measured, smallest_errors


def test_every_two_by_two_of_a_grid_is_a_loop(grid):
    loops = find_loops(grid.seams, measured(grid.sure(exact=True)))
    assert len(loops) == 9
    assert loops[0].frames == (0, 1, 5, 4)
    for loop in loops:
        np.testing.assert_allclose(tuple(loop.error), 0, atol=1e-9)


def test_a_wrong_seam_opens_its_loops_by_what_it_is_off(grid, build):
    estimates = grid.sure(exact=True)
    k = grid.of(5, 6)
    estimates[k] = build.certain(grid.shift(k) + np.array((3, -7)))
    loops = find_loops(grid.seams, measured(estimates))
    open_ones = [loop for loop in loops if loop.size > 1e-6]
    assert [loop.frames[0] for loop in open_ones] == [1, 5]
    assert {round(loop.size, 6) for loop in open_ones} == {7}
    errors = smallest_errors(loops, len(grid.seams))
    assert round(errors[k], 6) == 7
    assert errors[grid.of(0, 1)] < 1e-6


def test_a_seam_without_evidence_leaves_its_loops_open_to_question(grid, build):
    estimates = grid.sure()
    estimates[grid.of(0, 1)] = build.blank()
    loop = find_loops(grid.seams, measured(estimates))[0]
    assert loop.error is None
    assert loop.size is None


def test_only_certain_seams_in_a_closed_loop_of_certain_seams_are_confirmed(grid, build):
    estimates = grid.sure()
    wrong, weak = grid.of(5, 6), grid.of(10, 11)
    estimates[wrong] = build.certain(grid.shift(wrong) + np.array((0, 8)))
    estimates[weak] = build.doubtful(grid.shift(weak))
    confirmed = confirmed_seams(find_loops(grid.seams, measured(estimates)), estimates)
    assert wrong not in confirmed
    assert weak not in confirmed
    assert grid.of(0, 1) in confirmed


def test_a_strip_has_no_loops_and_nothing_is_confirmed(build):
    strip = build.grid(1, 6)
    estimates = strip.sure()
    loops = find_loops(strip.seams, measured(estimates))
    assert loops == ()
    assert confirmed_seams(loops, estimates) == set()


def test_a_layout_listed_backwards_has_the_same_loops(build):
    grid = build.grid(3, 3)
    layout = grid.layout
    from dataclasses import replace

    from napari_seamnet.seams.seam import find_seams

    backwards = replace(layout, sites=layout.sites[::-1])
    seams = find_seams(backwards)
    truth = grid.truth[::-1]
    shifts = [
        Shift(*(truth[s.second] - truth[s.first] - np.array(tuple(s.nominal)))) for s in seams
    ]
    loops = find_loops(seams, shifts)
    assert len(loops) == 4
    for loop in loops:
        np.testing.assert_allclose(tuple(loop.error), 0, atol=1e-9)
