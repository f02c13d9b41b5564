from dataclasses import replace

import numpy as np
import pytest

from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import Layout
from napari_seamnet.seams.seam import find_seams
from napari_seamnet.shifts import Cancelled, Estimate, Status
from napari_seamnet.solve import SolveError, Solver, solve


@pytest.mark.parametrize("solver", Solver)
def test_certain_seams_place_every_frame_whatever_the_solver(grid, solver):
    solution = solve(grid.layout, grid.seams, grid.sure(exact=True), solver=solver)
    assert grid.errors(solution).max() < 0.05
    assert solution.counts() == {Status.CERTAIN: 24}
    assert solution.to_look_at == ()


def test_positions_are_rounded_once_and_last(grid):
    solution = solve(grid.layout, grid.seams, grid.sure())
    exact = np.array([frame.position for frame in solution.frames])
    whole = np.array([frame.whole for frame in solution.frames])
    assert np.abs(whole - exact).max() < 1
    nearest = np.floor(exact + 0.5)
    misfit, of_nearest = (
        sum(np.square(off[seam.second] - off[seam.first]).sum() for seam in grid.seams)
        for off in (whole - exact, nearest - exact)
    )
    assert misfit <= of_nearest


def test_a_wrong_seam_that_is_certain_of_itself_is_rejected_in_words_and_bends_nothing(
    grid, build
):
    estimates = grid.sure()
    k = grid.of(5, 6)
    estimates[k] = build.certain(grid.shift(k) + np.array((0, 9)))
    solution = solve(grid.layout, grid.seams, estimates)
    assert grid.errors(solution).max() < 0.5
    assert solution.to_look_at == (k,)
    verdict = solution.verdicts[k]
    assert not verdict.used
    assert verdict.status is Status.DOUBTFUL
    assert verdict.reason.startswith("rejected: it says")
    assert abs(verdict.residual.dx) == pytest.approx(9, abs=0.5)
    assert verdict.loop_error == pytest.approx(9, abs=0.5)


def test_least_squares_on_peaks_is_bent_by_the_same_seam(grid, build):
    """What the comparison is for: the older solvers are not made better than they are."""
    estimates = grid.sure()
    k = grid.of(5, 6)
    estimates[k] = build.certain(grid.shift(k) + np.array((0, 9)))
    solution = solve(grid.layout, grid.seams, estimates, solver="least-squares")
    assert grid.errors(solution).max() > 1
    assert k in solution.to_look_at


def test_ambiguous_seams_are_decided_by_the_loops_around_them(build):
    grid = build.grid(3, 3, whole=True)
    rng = np.random.default_rng(4)
    estimates = grid.sure(exact=True)
    for k in (grid.of(4, 5), grid.of(3, 4), grid.of(1, 4)):
        true = tuple(int(v) for v in grid.shift(k))
        false = (true[0], true[1] + int(rng.choice((-6, 6))))
        estimates[k] = build.mapped({false: 0.55, true: 0.45}, reach=16)
    solution = solve(grid.layout, grid.seams, estimates)
    assert grid.errors(solution, whole=True).max() == 0
    for k in (grid.of(4, 5), grid.of(3, 4), grid.of(1, 4)):
        verdict = solution.verdicts[k]
        assert verdict.used
        assert verdict.shift.distance(Shift(*grid.shift(k))) < 0.5
        assert verdict.status is Status.CERTAIN


def test_where_nothing_decides_it_stays_ambiguous_and_the_runner_up_is_named(build):
    """A frame that hangs by two seams of one lattice may as well lie a cell further on."""
    grid = build.grid(1, 2, jitter=1, whole=True)
    true = tuple(int(v) for v in grid.shift(0))
    other = (true[0], true[1] + 7)
    seen = build.mapped({true: 0.5, other: 0.5}, reach=16)
    solution = solve(grid.layout, grid.seams, [seen], stage_error=10)
    verdict = solution.verdicts[0]
    assert verdict.status is Status.AMBIGUOUS
    assert verdict.probability == pytest.approx(0.5, abs=0.1)
    assert solution.to_look_at == (0,)
    (frame,) = (frame for frame in solution.frames if frame.runner_up is not None)
    assert frame.runner_up_probability == pytest.approx(0.5, abs=0.1)
    assert abs(frame.runner_up[1] - frame.position[1]) == pytest.approx(7, abs=1)


def test_frames_without_evidence_stay_where_the_stage_expects_them(grid, build):
    estimates = grid.sure()
    for k, seam in enumerate(grid.seams):
        if 10 in seam.pair:
            estimates[k] = build.blank()
    solution = solve(grid.layout, grid.seams, estimates)
    frame = solution.frames[10]
    assert frame.status is Status.UNDETERMINED
    assert "stage" in frame.reason
    assert frame.part > 0
    assert frame.uncertainty > 3
    nominal = np.array(grid.layout.positions[10])
    assert np.abs(np.array(frame.position) - nominal).max() < 4
    others = np.delete(grid.errors(solution), 10)
    assert others.max() < 0.5


def test_a_blank_seam_between_held_frames_need_not_be_looked_at(grid, build):
    estimates = grid.sure()
    k = grid.of(5, 6)
    estimates[k] = build.blank()
    solution = solve(grid.layout, grid.seams, estimates)
    verdict = solution.verdicts[k]
    assert verdict.status is Status.UNDETERMINED
    assert not verdict.needs_look
    assert "others hold its frames" in verdict.reason
    assert solution.frames[5].status is Status.CERTAIN


def test_an_all_blank_grid_stays_as_it_was_laid_out(build):
    grid = build.grid(4, 4)
    solution = solve(grid.layout, grid.seams, [build.blank()] * len(grid.seams))
    assert [frame.position for frame in solution.frames] == list(grid.layout.positions)
    assert {frame.status for frame in solution.frames} == {Status.UNDETERMINED}
    assert len(solution.to_look_at) == len(grid.seams)


def test_two_halves_that_nothing_ties_are_two_parts(build):
    grid = build.grid(2, 6)
    estimates = grid.sure()
    for pair in ((2, 3), (8, 9)):
        estimates[grid.of(*pair)] = build.blank()
    solution = solve(grid.layout, grid.seams, estimates)
    assert solution.n_parts == 2
    left = [solution.frames[k].part for k in (0, 1, 2, 6, 7, 8)]
    right = [solution.frames[k].part for k in (3, 4, 5, 9, 10, 11)]
    assert len(set(left)) == len(set(right)) == 1
    assert set(left) != set(right)
    assert max(frame.uncertainty for frame in solution.frames) < 10


def test_hand_decisions_are_kept_to_the_pixel_and_never_overruled(grid):
    estimates = grid.sure()
    k = grid.of(5, 6)
    decided = Shift(*np.round(grid.shift(k) + np.array((4, 4))))
    estimates[k] = Estimate(decided, Status.HAND, 1.0)
    solution = solve(grid.layout, grid.seams, estimates)
    placed = np.array(solution.frames[6].whole) - np.array(solution.frames[5].whole)
    assert tuple(placed) == (grid.seams[k].nominal + decided).whole()
    assert solution.verdicts[k].status is Status.HAND
    assert solution.verdicts[k].residual.distance(Shift(0, 0)) < 1e-6
    doubted = [grid.seams[j].pair for j in solution.to_look_at]
    assert doubted, "what disagrees with the decision is shown"


def test_hand_decisions_that_contradict_each_other_are_shown(grid):
    estimates = grid.sure(exact=True)
    for pair in ((0, 1), (1, 5), (4, 5), (0, 4)):
        k = grid.of(*pair)
        off = (3, 0) if pair == (0, 4) else (0, 0)
        estimates[k] = Estimate(Shift(*np.round(grid.shift(k) + off)), Status.HAND, 1.0)
    solution = solve(grid.layout, grid.seams, estimates)
    shown = [solution.verdicts[k] for k in solution.to_look_at]
    assert any("contradicts other decisions" in verdict.reason for verdict in shown)


def test_warped_frames_are_flagged_not_hidden(build):
    grid = build.grid(3, 3, jitter=3)
    rng = np.random.default_rng(5)
    estimates = [
        build.certain(grid.shift(k) + rng.choice((-2.5, 2.5), 2)) for k in range(len(grid.seams))
    ]
    solution = solve(grid.layout, grid.seams, estimates)
    assert len(solution.to_look_at) >= 4
    assert any("no single shift" in v.reason or "rejected" in v.reason for v in solution.verdicts)
    assert grid.errors(solution).max() < 6


def test_a_feature_size_makes_uncertain_frames_doubtful(build):
    strip = build.grid(1, 12)
    estimates = strip.sure()
    fine = solve(strip.layout, strip.seams, estimates, feature_size=0.6)
    coarse = solve(strip.layout, strip.seams, estimates, feature_size=10)
    assert any("half a feature" in frame.reason for frame in fine.frames)
    assert not any("half a feature" in frame.reason for frame in coarse.frames)


def test_uncertainty_grows_away_from_the_anchor(build):
    strip = build.grid(1, 9)
    solution = solve(strip.layout, strip.seams, strip.sure())
    spread = [frame.uncertainty for frame in solution.frames]
    assert min(spread) == 0
    assert spread[-1] > spread[4] or spread[0] > spread[4]


def test_a_stage_whose_errors_add_up_is_followed(build):
    """At the far end, frames are off by more than any range of states around the layout."""
    grid = build.grid(10, 10, jitter=0)
    walk = np.random.default_rng(6).normal(0, 3, (10, 2)).cumsum(axis=0) * 3
    extra = np.array([walk[site.row] + walk[::-1][site.col] for site in grid.layout])
    grid = replace(grid, truth=grid.truth + extra)
    assert np.abs(extra - extra.mean(axis=0)).max() > 15
    estimates = grid.sure()
    rng = np.random.default_rng(7)
    for k in rng.choice(len(estimates), 30, replace=False):
        wrong = grid.shift(k) + rng.choice((-7, 7), 2)
        estimates[k] = build.ambiguous(wrong, [grid.shift(k)], (0.5, 0.45))
    solution = solve(grid.layout, grid.seams, estimates)
    assert grid.errors(solution).max() < 0.7


def test_the_order_of_the_frames_does_not_matter(build):
    grid = build.grid(3, 4)
    estimates = grid.sure(exact=True)
    order = np.random.default_rng(8).permutation(12)
    sites = tuple(grid.layout.sites[k] for k in order)
    shuffled = replace(grid.layout, sites=sites)
    seams = find_seams(shuffled)
    truth = grid.truth[order]
    again = [
        build.certain(truth[s.second] - truth[s.first] - np.array(tuple(s.nominal))) for s in seams
    ]
    first = solve(grid.layout, grid.seams, estimates)
    second = solve(shuffled, seams, again)
    np.testing.assert_allclose(
        [second.frames[k].position for k in range(12)],
        [first.frames[k].position for k in order],
        atol=0.01,
    )


def test_one_frame_alone_is_a_mosaic_too(build):
    layout = Layout(build.grid(1, 2).layout.sites[:1])
    solution = solve(layout, (), ())
    assert solution.frames[0].status is Status.CERTAIN
    assert solution.frames[0].whole == (0, 0)


def test_solving_can_be_watched_and_stopped(build):
    grid = build.grid(3, 3, whole=True)
    estimates = [
        build.mapped({tuple(int(v) for v in grid.shift(k)): 0.9, (5, 5): 0.1})
        for k in range(len(grid.seams))
    ]
    told = []
    solve(grid.layout, grid.seams, estimates, progress=lambda *what: told.append(what))
    assert told[0][2] == "solving"
    assert told[-1][:2] == (1, 1)

    def stop(done, total, what):
        if done > 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        solve(grid.layout, grid.seams, estimates, progress=stop)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"solver": "springs"}, "no solver 'springs'"),
        ({"stage_error": 0}, "stage error is a positive"),
        ({"feature_size": -1}, "feature size is a positive"),
    ],
)
def test_wrong_settings_are_refused_in_words(grid, options, words):
    with pytest.raises(SolveError, match=words):
        solve(grid.layout, grid.seams, grid.sure(), **options)


def test_as_many_estimates_as_seams_are_asked_for(grid):
    with pytest.raises(SolveError, match="24 seams but 23"):
        solve(grid.layout, grid.seams, grid.sure()[1:])


@pytest.mark.parametrize("solver", ["rows", "columns"])
def test_the_sequential_mosaics_follow_their_own_line(build, solver):
    """By rows, a wrong seam inside a row moves the rest of that row; by columns, of the column."""
    grid = build.grid(3, 3)
    estimates = grid.sure(exact=True)
    k = grid.of(3, 4)
    estimates[k] = build.certain(grid.shift(k) + np.array((0, 9)))
    solution = solve(grid.layout, grid.seams, estimates, solver=solver)
    off = np.array([f.position for f in solution.frames]) - grid.truth
    off -= off[0]
    moved = set(np.flatnonzero(np.abs(off).max(axis=1) > 1).tolist())
    assert moved == ({4, 5} if solver == "rows" else set())


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.5, 0.77])
def test_whole_pixels_are_right_wherever_the_whole_lies_between_pixels(build, fraction):
    """If most frames came to lie half way between pixels, noise would decide their rounding."""
    grid = build.grid(5, 5, whole=True)
    seams, estimates = grid.seams, grid.sure()
    moved = grid.layout.moved(
        [(y + fraction * (k % 2), x + fraction) for k, (y, x) in enumerate(grid.layout.positions)]
    )
    solution = solve(moved, seams, estimates)
    assert grid.errors(solution, whole=True).max() == 0


@pytest.mark.parametrize("n", [3, 30])
def test_a_strip_follows_its_certain_seams_however_far_they_lead(build, n):
    """No loop could contradict them, and how far a stage may be off is only a guess."""
    strip = build.grid(1, n, jitter=0)
    rng = np.random.default_rng(1)
    strip.truth[:] += np.cumsum(rng.uniform((-9, -4), (9, 14), strip.truth.shape), axis=0)
    solution = solve(strip.layout, strip.seams, strip.sure())
    assert strip.errors(solution).max() < 1
    assert solution.counts() == {Status.CERTAIN: n - 1}
    assert solution.to_look_at == ()
    # Each of them may be wrong once in 300 times.
    probability = [frame.probability for frame in solution.frames]
    assert min(probability) == pytest.approx(0.997 ** (n - 1), abs=0.002)


def test_a_stage_error_that_was_told_counts_more_than_a_strip_and_is_named(build):
    strip = build.grid(1, 3, jitter=0)
    estimates = [build.certain((0, 9)), build.certain((0, 9))]
    solution = solve(strip.layout, strip.seams, estimates, stage_error=2)
    assert solution.to_look_at
    k = solution.to_look_at[0]
    assert "the stage, unless it may be off by more" in solution.verdicts[k].reason


def test_a_stage_error_far_beyond_the_range_costs_no_more_than_the_range(build):
    grid = build.grid(3, 3)
    estimates = grid.sure()
    for k in (0, 3, 5, 8):
        shift = tuple(round(float(v)) for v in grid.shift(k))
        estimates[k] = build.mapped({shift: 0.6, (shift[0], shift[1] - 6): 0.4}, reach=16)
    solution = solve(grid.layout, grid.seams, estimates, stage_error=2000)
    assert solution.seconds < 30
    assert grid.errors(solution).max() < 1.5


def test_a_doubtful_seam_that_only_a_guess_at_the_stage_bears_out_stays_doubtful(build):
    strip = build.grid(1, 4, jitter=1, whole=True)
    estimates = strip.sure(exact=True)
    true = tuple(int(v) for v in strip.shift(1))
    estimates[1] = build.mapped({true: 0.9, (true[0], true[1] + 14): 0.1}, reach=15)
    solution = solve(strip.layout, strip.seams, estimates)
    assert solution.verdicts[1].status is not Status.CERTAIN
    assert 1 in solution.to_look_at
    assert solution.frames[0].status is not solution.frames[3].status or not any(
        frame.status is Status.CERTAIN for frame in solution.frames
    )
    # Who says how far the stage may be off, has said something.
    told = solve(strip.layout, strip.seams, estimates, stage_error=3)
    assert told.verdicts[1].status is Status.CERTAIN


def test_two_seams_that_contradict_each_other_and_nothing_else_are_both_shown(build):
    """A corner frame: nobody else can say which of its two seams is wrong."""
    grid = build.grid(4, 4)
    estimates = grid.sure()
    k = grid.of(0, 1)
    estimates[k] = build.certain(grid.shift(k) + np.array((0, 9)))
    solution = solve(grid.layout, grid.seams, estimates)
    assert set(solution.to_look_at) >= {k, grid.of(0, 4)}
    assert solution.frames[0].status is not Status.CERTAIN
    assert all(frame.status is Status.CERTAIN for frame in solution.frames[5:])
