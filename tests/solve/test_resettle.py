"""A first answer at once: frames settle after a decision, as the solver will have them."""

import numpy as np
import pytest

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Shift
from napari_seamnet.layouts.layout import Layout, Site
from napari_seamnet.projects import Project
from napari_seamnet.shifts import Estimate, Status
from napari_seamnet.solve.resettle import resettle

STEP = 90
OFF = [(0, 0), (2, -3), (-1, 4), (3, 1), (0, 2), (-2, -2), (1, 1), (4, 0), (-3, 2)]


@pytest.fixture
def project():
    """3 x 3 frames with known truth, all seams right."""
    frame = np.arange(100 * 100, dtype=np.uint16).reshape(100, 100)
    sites = tuple(
        Site(as_frame(frame + k, name=str(k)), (STEP * (k // 3), STEP * (k % 3)), k // 3, k % 3)
        for k in range(9)
    )
    project = Project.of_layout(Layout(sites))
    found = {}
    for k, seam in enumerate(project.seams):
        (a, b), (c, d) = (OFF[frame] for frame in seam.pair)
        found[k] = Estimate(Shift(c - a, d - b), Status.CERTAIN, 0.999)
    return project.with_estimates(found).solve()


def offsets(solution):
    return np.array([tuple(solution.offset(k)) for k in range(len(solution.seams))])


def test_what_is_decided_lies_so_at_once_and_others_follow(project):
    before = project.solution()
    wrong = project.with_decision(*project.seams[0].pair, Shift(30, -7))
    after = resettle(before, wrong.decided())
    assert tuple(after.offset(0) - after.seams[0].nominal) == (30, -7)
    assert after.verdicts[0].status is Status.HAND
    assert after.verdicts[0].needs_look is False
    missed = [max(map(abs, v.residual)) for v in after.verdicts[1:]]
    assert max(missed) > 1  # the others now miss what they measured, and say so
    assert before.verdicts[0].status is Status.CERTAIN


def test_it_is_what_the_solver_says_where_all_agree(project):
    right = project.with_decision(*project.seams[3].pair, project.estimates[3].shift)
    quick, full = resettle(project.solution(), right.decided()), right.solve().solution()
    assert np.abs(offsets(quick) - offsets(full)).max() < 0.01
    assert [f.whole for f in quick.frames] == [f.whole for f in full.frames]


def test_an_excluded_seam_is_not_used_and_asks_for_no_look(project):
    out = project.with_excluded(*project.seams[2].pair)
    after = resettle(project.solution(), out.decided())
    assert not after.verdicts[2].used
    assert not after.verdicts[2].needs_look
    assert after.verdicts[2].residual is None
    assert np.abs(offsets(after) - offsets(project.solution())).max() < 0.01


def test_taking_a_decision_back_leads_back(project):
    start = project.solution()
    moved = resettle(start, project.with_decision(*project.seams[1].pair, Shift(9, 9)).decided())
    back = resettle(moved, project.decided())
    assert np.abs(offsets(back) - offsets(start)).max() < 0.01
    assert back.verdicts[1].status is Status.CERTAIN


def test_nothing_changed_is_the_same(project):
    assert resettle(project.solution(), project.decided()) is not None
    solution = project.solution()
    assert resettle(solution, solution.estimates) is solution
