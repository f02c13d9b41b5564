from dataclasses import replace

import numpy as np
import pytest

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import Layout
from napari_seamnet.projects import Decision, Project, ProjectError
from napari_seamnet.shifts import Status
from napari_seamnet.solve import Solver


def assert_same_solution(one, other):
    assert one.frames == other.frames
    assert one.verdicts == other.verdicts
    assert one.loops == other.loops
    assert (one.stage, one.solver, one.feature_size) == (
        other.stage,
        other.solver,
        other.feature_size,
    )
    assert one.seams == other.seams
    for a, b in zip(one.estimates, other.estimates, strict=True):
        assert (a.shift, a.status, a.confidence, a.alternatives, a.reason, a.method) == (
            b.shift,
            b.status,
            b.confidence,
            b.alternatives,
            b.reason,
            b.method,
        )


def test_a_solution_kept_and_given_back_is_the_same(made):
    solution = made[1].solve().solution()
    again = Project.from_solution(solution, made[1].settings).solution()
    assert_same_solution(again, solution)


def test_solving_again_gives_what_was_solved(project):
    again = project.solve()
    assert [f.whole for f in again.solution().frames] == [
        f.whole for f in project.solution().frames
    ]


def test_a_decision_counts_and_can_be_taken_back(project):
    pair = project.seams[6].pair
    before = project.decided()[6]
    after = project.with_decision(*pair, Shift(3, 1), who="me", note="see the via")
    decided = after.decided()[6]
    assert (decided.status, tuple(decided.shift)) == (Status.HAND, (3, 1))
    made = after.decision(*pair)
    assert (made.who, made.note) == ("me", "see the via")
    assert made.when.tzinfo is not None
    assert project.decision(*pair) is None  # the old one is as it was
    back = after.without_decision(*pair)
    assert back.decided()[6] is before
    assert [d.pair for d in back.decisions] == [d.pair for d in project.decisions]


def test_a_decision_replaces_an_earlier_one_and_an_exclusion(project):
    pair = project.seams[6].pair
    twice = project.with_decision(*pair, Shift(3, 1)).with_decision(*pair, Shift(-2, 0))
    assert [d.shift for d in twice.decisions if d.pair == pair] == [Shift(-2, 0)]
    excluded = twice.with_excluded(*pair)
    assert excluded.decision(*pair) is None
    assert excluded.decided()[6].status is Status.UNDETERMINED
    assert excluded.decided()[6].reason == "excluded by hand"
    assert excluded.with_decision(*pair, Shift(0, 0)).excluded == frozenset()


def test_a_decision_alone_leaves_nothing_behind_when_it_is_taken_back(project):
    hand_only = Project.from_solution(project.solution(), project.settings)
    pair = project.decisions[0].pair
    assert hand_only.decisions[0].shift == project.decisions[0].shift
    cleared = hand_only.without_decision(*pair)
    assert cleared.unfinished == (2,)
    assert cleared.decided()[2].reason == "not estimated yet"


def test_positions_are_dropped_when_what_they_rest_on_changes(project):
    pair = project.seams[6].pair
    for changed in (
        project.with_decision(*pair, Shift(3, 1)),
        project.without_decision(*project.decisions[0].pair),
        project.with_excluded(*pair),
        project.with_estimates({1: None}),
        project.with_settings(replace(project.settings, feature_size=3.0)),
    ):
        with pytest.raises(ProjectError, match="solve first"):
            changed.solution()
    assert project.with_locked(1, 2).solution().frames == project.solution().frames


def test_a_decision_moves_the_frames_once_solved(project):
    seam = project.seams[6]
    at = project.solution().offset(6)
    asked = Shift(round(at.dy - seam.nominal.dy) + 5, round(at.dx - seam.nominal.dx) - 4)
    solved = project.with_decision(*seam.pair, asked).solve().solution()
    one, two = (np.array(solved.frames[frame].whole) for frame in seam.pair)
    assert tuple(two - one) == (seam.nominal + asked).whole()


def test_settings_forget_only_what_depends_on_them(project):
    finer = project.with_settings(replace(project.settings, solver=Solver.ROWS))
    assert finer.estimates == project.estimates
    other = project.with_settings(replace(project.settings, max_shift=20))
    assert set(other.estimates) == {None}
    assert other.decisions == project.decisions
    assert project.with_settings(project.settings) is project


def test_a_project_begins_with_nothing_estimated(project):
    begun = Project.of_layout(project.layout)
    assert len(begun.unfinished) == len(begun.seams) == 12
    assert begun.solve().solution().counts() == {Status.UNDETERMINED: 12}


def test_projects_are_compared_by_value(project):
    assert replace(project) == project
    assert replace(project, warnings=("a.tif has changed",), changed=(0,)) == project
    for other in (
        project.with_locked(3),
        project.with_estimates({0: None}),
        replace(project, ownership="last"),
        replace(project, decisions=()),
        replace(project, command=""),
        replace(project, layout=project.layout.moved([(0, 0)] * 9)),
    ):
        assert other != project
    assert project != "a project"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"estimates": (None,)}, "12 seams but 1 estimates"),
        ({"decisions": (Decision(0, 8, Shift(0, 0)),)}, "frames 0 and 8 share no seam"),
        ({"excluded": frozenset({(1, 0)})}, "frames 1 and 0 share no seam"),
        ({"locked": frozenset({9})}, "frame 9 is named"),
        ({"decisions": (Decision(0, 1, Shift(0, 0)),) * 2}, "0 and 1 is there twice"),
    ],
)
def test_what_contradicts_itself_is_refused(project, change, said):
    with pytest.raises(ProjectError, match=said):
        replace(project, **change)


def test_frames_without_a_file_cannot_be_saved_and_are_named(tmp_path):
    frames = [as_frame(np.full((50, 60), k, np.uint8), f"shot {k}") for k in range(2)]
    project = Project.of_layout(Layout.of_frames(frames, [(0, 0), (0, 40)]))
    with pytest.raises(ProjectError, match="shot 0 comes from no file"):
        project.save(tmp_path / "p.seamnet.json")
    assert not [*tmp_path.iterdir()]
