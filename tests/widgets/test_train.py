"""Train: from the lines of a process to the person's own weights."""

import re

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from napari_seamnet import user_weights
from napari_seamnet.frames import open_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.learning.adopt import compare
from napari_seamnet.learning.hand import Decided, read_hand, record_frames
from napari_seamnet.learning.tile_files import TRAIN, VALIDATION
from napari_seamnet.learning.tile_label import tile_picture
from napari_seamnet.nets.build import bundled_weights
from napari_seamnet.nets.cards import read_card
from napari_seamnet.widgets import _train_process
from napari_seamnet.widgets._align import AlignControls
from napari_seamnet.widgets._settings import Remembered
from napari_seamnet.widgets._train_choose import find
from napari_seamnet.widgets._train_plan import (
    FINE_TUNE,
    NOTHING,
    SOURCE,
    TrainPlan,
    recall,
    recall_state,
    remember,
    trainings_folder,
)
from napari_seamnet.widgets._train_process import Training
from napari_seamnet.widgets._train_result import MARK
from napari_seamnet.widgets._train_run import GO_ON
from napari_seamnet.widgets._train_run import TRAIN as START
from napari_seamnet.widgets._train_state import Comparison, Stage, TrainState

RECIPE = """
network = "final"
epochs = 2
batch = 8
learning_rate = 0.003
[settings]
filters = [4, 4]
dense = [16]
"""


def report(epoch, step, loss, metrics=None, note=""):
    numbers = None if metrics is None else dict(
        zip(("loss", "mean_max", "mean_dy", "mean_dx", "within_1"), metrics, strict=True)
    )  # fmt: skip
    return {
        "event": "report", "epoch": epoch, "epochs": 3, "step": step, "steps": 10, "loss": loss,
        "learning_rate": 1e-3, "metrics": numbers, "seconds_left": 12.0, "note": note,
    }  # fmt: skip


def summary(method, mean_max, right_1, silent, n=8):
    return {
        "method": method, "n": n, "mean_max": mean_max, "right_1": right_1, "right_2": n,
        "certain": n - 1, "silent": silent,
    }  # fmt: skip


def after(*events, state=None):
    state = state or TrainState(Stage.STARTING)
    for event in events:
        state = state.after(event)
    return state


BEGINNING = report(0, 0, None, (9.0, 4.0, 3.0, 3.0, 0.1), "x.png")
FIRST = (report(0, 10, 5.0), report(1, 0, None, (6.0, 2.0, 1.0, 1.0, 0.5), "x.png"))


# -- state ------------------------------------------------------------------------------------


def test_reports_become_epochs_with_both_losses_and_the_error():
    state = after(BEGINNING, *FIRST, report(1, 4, 3.0))
    assert [(e.number, e.training, e.validation, e.mean_max) for e in state.course] == [
        (0, None, 9.0, 4.0),
        (1, 5.0, 6.0, 2.0),
    ]
    assert (state.stage, state.loss, state.step) == (Stage.RUNNING, 3.0, 4)
    assert (state.best.number, state.examples, state.seconds_left) == (1, "x.png", 12.0)


def test_an_epoch_that_comes_again_after_a_crash_replaces_what_was_lost():
    second = (report(1, 10, 4.0), report(2, 0, None, (5.5, 1.0, 1.0, 1.0, 0.6)))
    state = after(BEGINNING, *FIRST, *second, report(0, 10, 7.0))
    state = after(report(1, 0, None, (6.5, 3.0, 1.0, 1.0, 0.4)), state=state)
    assert [(e.number, e.training) for e in state.course] == [(0, None), (1, 7.0)]


def test_a_report_on_its_way_does_not_end_a_pause():
    state = TrainState(Stage.PAUSED).after(report(0, 3, 5.0))
    assert (state.stage, state.step) == (Stage.PAUSED, 3)


def test_how_a_process_ends_decides_what_is_offered():
    running = after(BEGINNING, *FIRST)
    assert running.after({"event": "stopped"}).ended(130).stage is Stage.STOPPED
    failed = running.ended(2, "there is no nowhere.")
    assert (failed.stage, failed.trouble) == (Stage.FAILED, "there is no nowhere.")
    trained = running.after({"event": "trained", "out": "n.safetensors"})
    assert trained.stage is Stage.COMPARING
    assert trained.ended(0).stage is Stage.DONE
    cut_short = trained.ended(2, "no memory")
    assert cut_short.stage is Stage.DONE
    assert "comparing them failed: no memory" in cut_short.trouble


def test_the_table_marks_the_better_value_whichever_way_better_is():
    found = Comparison(2, summary("seamnet", 1.5, 5, 0), summary("n", 0.5, 7, 1), False)
    marks = {row.what: (row.old, row.new, row.better) for row in found.rows()}
    assert marks["mean max error"] == ("1.50 px", "0.50 px", "new")
    assert marks["within 1 px"][2] == "new"
    assert marks["within 2 px"][2] == ""
    assert marks["certain but wrong"] == ("0", "1", "old")
    assert found.verdict() == (
        "The new weights are not better here: they are certain but wrong more often."
    )


def test_a_training_survives_the_session_with_its_course(tmp_path):
    plan = TrainPlan("final", "nothing", SOURCE, 3, 1, tiles=(tmp_path / "tiles",))
    state = after(BEGINNING, *FIRST)
    remember(plan, state)
    found, its_state = recall()
    assert found == plan
    assert its_state.stage is Stage.STOPPED, "no process outlives napari"
    assert its_state.course == state.course
    assert recall_state(plan) == TrainState(), "without a checkpoint it begins anew"
    remember(plan, state, is_decided=True)
    assert recall() is None


def test_another_device_is_the_same_training_and_other_data_is_another(tmp_path):
    plan = TrainPlan(hand=tmp_path / "hand.jsonl", epochs=3, device="cpu")
    assert plan.name == TrainPlan(hand=tmp_path / "hand.jsonl", epochs=3, device="cuda").name
    assert plan.name != TrainPlan(hand=tmp_path / "hand.jsonl", epochs=4, device="cpu").name
    assert plan.name != TrainPlan(hand=tmp_path / "other" / "hand.jsonl", epochs=3).name


# -- widget -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """40 tiles of 24 px with shifts up to 3 px, and a recipe for a tiny network."""
    folder = tmp_path_factory.mktemp("seeds")
    rng = np.random.default_rng(5)
    rough = ndimage.gaussian_filter(rng.standard_normal((60, 2000)), 1.5)
    picture = (255 * (rough - rough.min()) / np.ptp(rough)).astype(np.uint8)
    import imageio.v3 as iio

    for k in range(40):
        dy, dx = (int(v) for v in rng.integers(-3, 4, 2))
        left = 5 + 45 * k
        first = picture[10:34, left : left + 24]
        # first[y + dy, x + dx] shows what second[y, x] shows
        second = picture[10 + dy : 34 + dy, left + dx : left + dx + 24]
        where = folder / "tiles" / (VALIDATION if k % 4 == 0 else TRAIN)
        where.mkdir(parents=True, exist_ok=True)
        iio.imwrite(where / f"{k}.png", tile_picture(first, second, Shift(dy, dx)))
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


@pytest.fixture
def make_train(qtbot, viewer_model, monkeypatch):
    """Make the widget in a parent, with a training of its own instead of the application's."""
    from qtpy.QtWidgets import QVBoxLayout, QWidget

    from napari_seamnet.widgets.train import TrainWidget

    made, parents = [], []

    def make(again=False):
        if not (again and made):
            made.append(Training())
        monkeypatch.setattr(_train_process, "_the", made[-1])
        parent = QWidget()
        parents.append(parent)  # qtbot holds them only weakly
        parent.setLayout(QVBoxLayout())
        widget = TrainWidget(viewer_model)
        parent.layout().addWidget(widget)
        qtbot.addWidget(parent)
        parent.resize(390, 900)
        parent.show()
        return widget

    yield make
    for training in made:
        training.shut_down()


def choose(widget, data, epochs=2, tiles="tiles"):
    """As a person would: the network, its data, and a recipe from a file."""
    choices = widget.choices
    for k in range(choices.network.count()):
        if choices.network.itemText(k).startswith("final"):
            choices.network.setCurrentIndex(k)
    choices.network.activated.emit(choices.network.currentIndex())
    choices.data.take_tiles(data / tiles)
    choices.take_recipe(data / "recipe.toml")
    choices.epochs.setValue(epochs)
    choices.device.setCurrentIndex(choices.device.findData("cpu"))


def wait_for(qtbot, widget, stage):
    qtbot.waitUntil(lambda: widget.training.state.stage is stage, timeout=30_000)


def test_tiles_become_the_persons_default_method(make_train, data, qtbot):
    widget = make_train()
    align = AlignControls(Remembered())
    qtbot.addWidget(align)
    choose(widget, data)
    assert widget.choices.epochs.value() == 2, "as the recipe has it"
    widget.controls.start.click()
    assert not widget.choices.isEnabled()
    assert widget.controls.cancel.isVisible()
    wait_for(qtbot, widget, Stage.DONE)
    assert [e.number for e in widget.training.state.course] == [0, 1, 2]
    assert widget.curves.isVisible()
    assert widget.examples.height() > 50
    assert "mean max error" in widget.result.table.text()
    assert "No hand alignments were held out" in widget.result.verdict.text()
    widget.result.use.click()
    widget.result.name.setText("no good/name")
    widget.result.take.click()
    assert "is no name for weights" in widget.message.text()
    widget.result.name.setText("mine")
    widget.result.take.click()
    assert [found.name for found in user_weights.list_weights()] == ["mine"]
    assert user_weights.default_method() == "mine"
    assert not widget.result.isVisible()
    assert not list(trainings_folder().glob("final*")), "its files have moved"
    align.method.opening.emit()
    assert align.method.findData("mine") >= 0
    assert align.method.currentData() == "seamnet", "a choice stays"


def test_a_cancelled_training_leaves_a_checkpoint_and_goes_on_in_another_session(
    make_train, data, qtbot
):
    widget = make_train()
    choose(widget, data, epochs=120)
    widget.controls.start.click()
    qtbot.waitUntil(lambda: len(widget.training.state.course) >= 2, timeout=30_000)
    widget.controls.pause.click()
    assert widget.controls.pause.text() == "Go on"
    widget.controls.cancel.click()
    wait_for(qtbot, widget, Stage.STOPPED)
    before = widget.training.state.course
    assert widget.training.plan.has_checkpoint
    assert not widget.training.plan.out.exists()
    assert widget.controls.start.text() == GO_ON
    widget.choices.seed.setValue(7)
    assert widget.controls.start.text() == START, "other numbers, another training"
    assert not widget.controls.anew.isVisible()

    later = make_train()
    assert "stopped half-way" in later.message.text()
    assert later.choices.plan == widget.training.plan
    assert later.controls.start.text() == GO_ON
    assert later.controls.anew.isVisible()
    later.controls.start.click()
    wait_for(qtbot, later, Stage.DONE)
    course = later.training.state.course
    assert course[: len(before)] == before
    assert [e.number for e in course] == list(range(121))
    later.result.keep.click()
    assert user_weights.list_weights() == []
    assert "Nothing was changed" in later.message.text()
    assert later.controls.start.text() == START


def test_closing_the_dock_lets_it_go_on_and_another_dock_shows_it(make_train, data, qtbot):
    widget = make_train()
    choose(widget, data, epochs=3000)
    widget.controls.start.click()
    qtbot.waitUntil(lambda: len(widget.training.state.course) >= 1, timeout=30_000)
    widget.deleteLater()
    qtbot.wait(50)
    other = make_train(again=True)
    assert other.training.is_running
    assert other.controls.cancel.isVisible()
    n = len(other.training.state.course)
    qtbot.waitUntil(lambda: len(other.training.state.course) > n, timeout=10_000)
    other.training.shut_down()
    assert not other.training.is_running
    assert other.training.plan.has_checkpoint, "napari closed, but nothing is lost"


def test_bad_data_is_one_line_in_the_dock_and_train_comes_back(make_train, data, qtbot):
    widget = make_train()
    widget.controls.start.click()
    assert "nothing to train on" in widget.message.text()
    choose(widget, data, tiles="nowhere")
    widget.controls.start.click()
    wait_for(qtbot, widget, Stage.FAILED)
    assert widget.message.text() == f"There is no {data / 'nowhere'}."
    assert widget.controls.start.isVisible()
    assert widget.choices.isEnabled()


def test_hand_alignments_of_the_settings_are_there_from_the_start(make_train, tmp_path):
    (user_weights.data_folder()).mkdir(parents=True, exist_ok=True)
    hand = user_weights.data_folder() / "hand.jsonl"
    hand.write_text("")
    widget = make_train()
    plan = widget.choices.plan
    assert (plan.network, plan.start, plan.hand, plan.recipe) == (
        "seamnet", "bundled", hand, FINE_TUNE,
    )  # fmt: skip


def test_every_control_explains_itself(make_train, data):
    from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox

    widget = make_train()
    choose(widget, data)
    for kind in (QAbstractButton, QAbstractSpinBox, QComboBox):
        for control in widget.findChildren(kind):
            assert control.toolTip() or control.objectName().startswith("qt_"), control.text()


# -- old against new --------------------------------------------------------------------------

FROM_NOTHING = """
network = "seamnet"
epochs = 1
steps = 2
batch = 4
learning_rate = 0.0005
reach = 4
validation_steps = 2

[settings]
width = 8
blocks = 1
features = 2
"""


@pytest.fixture
def seeds(tmp_path, scene):
    """Four hand-aligned pairs of frames of 160 x 200 px, and a recipe that teaches little."""
    for k, shift in enumerate([(3, -4), (-2, 5), (1, 0), (-5, -3)]):
        y, x = 20 + 180 * k, 80
        frames = []
        for side, corner in (("a", (y, x)), ("b", (y + shift[0], x + 150 + shift[1]))):
            path = tmp_path / f"{k}{side}.tif"
            tifffile.imwrite(path, scene.cut(*corner))
            frames.append(open_frame(path))
        record_frames(
            tmp_path / "hand.jsonl", *frames, Offset(0, 150), Shift(*shift), Decided.HAND
        )
    (tmp_path / "recipe.toml").write_text(FROM_NOTHING)
    return tmp_path


def cells(table):
    """Rows of the table as they read: what, old, new; without the mark of the better one."""
    lines = re.findall(r"<tr>(.*?)</tr>", table)
    plain = [[re.sub(r"<.*?>", "", c) for c in re.findall(r"<td.*?>(.*?)</td>", x)] for x in lines]
    return [[c.replace("&nbsp;", "").replace(MARK, "").strip() for c in line] for line in plain]


def as_the_table_has_it(found):
    return [
        f"{found.mean_max:.2f} px",
        f"{found.within_1:.0%}",
        f"{found.within_2:.0%}",
        f"{found.certain / found.n:.0%}",
        f"{found.silent}",
    ]


def own_weights():
    return [found.name for found in user_weights.list_weights()], user_weights.default_method()


def test_the_table_shows_what_comparing_on_the_held_out_pairs_gives_and_no_is_no(
    make_train, seeds, qtbot
):
    user_weights.add_weights(bundled_weights("seamnet"), "mine")
    user_weights.set_default("mine")
    widget = make_train()
    choices = widget.choices
    choices.network.setCurrentIndex(find(choices.network, ("seamnet", NOTHING)))
    choices.network.activated.emit(choices.network.currentIndex())
    choices.data.take_hand(seeds / "hand.jsonl")
    choices.take_recipe(seeds / "recipe.toml")
    choices.device.setCurrentIndex(choices.device.findData("cpu"))
    widget.controls.start.click()
    qtbot.waitUntil(lambda: not widget.training.is_running, timeout=60_000)
    assert widget.training.state.stage is Stage.DONE, widget.message.text()

    out = widget.training.plan.out
    ids = read_card(out)["data"]["held_out"]
    held_out = [one for one in read_hand(seeds / "hand.jsonl") if one.id in ids]
    assert len(held_out) == len(ids) == 1
    wanted = compare("mine", out, held_out, device="cpu")
    head, *rows = cells(widget.result.table.text())
    assert head == ["", "mine", "new"]
    assert [row[1] for row in rows] == as_the_table_has_it(wanted.old)
    assert [row[2] for row in rows] == as_the_table_has_it(wanted.new)
    assert rows[0][1] != rows[0][2], "else a mix-up would not show"
    assert "On 1 held-out hand alignment, each tried from 4" in widget.result.about.text()
    assert not wanted.is_better
    assert "not better here" in widget.result.verdict.text()
    assert widget.result.keep.font().bold()
    assert not widget.result.use.font().bold()

    # Nothing is taken by itself, nor by a look at the name, nor when it is declined.
    assert own_weights() == (["mine"], "mine")
    widget.result.use.click()
    widget.result.back.click()
    assert own_weights() == (["mine"], "mine")
    widget.result.keep.click()
    assert own_weights() == (["mine"], "mine")
    assert not widget.result.isVisible()
    assert "Nothing was changed" in widget.message.text()
    assert out.is_file(), "until the next training"
    assert make_train().training.plan is None, "it is not asked again"


def test_better_weights_too_wait_for_a_person(make_train, tmp_path):
    plan = TrainPlan(hand=tmp_path / "hand.jsonl", device="cpu")
    plan.out.parent.mkdir(parents=True)
    for ending in (".safetensors", ".json"):
        source = bundled_weights("seamnet").with_suffix(ending)
        plan.out.with_suffix(ending).write_bytes(source.read_bytes())
    better = Comparison(2, summary("seamnet", 1.5, 5, 1), summary("n", 0.5, 7, 0), True)
    remember(plan, TrainState(Stage.DONE, is_trained=True, comparison=better))
    widget = make_train()
    assert "wait for your decision" in widget.message.text()
    assert widget.result.verdict.text() == "The new weights are better here."
    assert widget.result.use.font().bold()
    assert (user_weights.list_weights(), user_weights.default_method()) == ([], "seamnet")
    widget.result.use.click()
    widget.result.name.setText("mine")
    assert (user_weights.list_weights(), user_weights.default_method()) == ([], "seamnet")
    widget.result.take.click()
    assert [found.name for found in user_weights.list_weights()] == ["mine"]
    assert user_weights.default_method() == "mine"


# -- the person's weights ---------------------------------------------------------------------


@pytest.fixture
def own(make_train, data):
    """The widget, with two weights of the person's own."""
    for name in ("a", "b"):
        user_weights.add_weights(bundled_weights("seamnet"), name)
    return make_train().weights


def pick(weights, row):
    weights.list.setCurrentRow(row)
    weights.list.item(row).setSelected(True)


def test_weights_are_made_the_default_renamed_and_deleted(own, qtbot):
    own.refill()
    assert [own.list.item(k).text() for k in range(3)] == [
        "SeamNet, bundled  *  default",
        "a",
        "b",
    ]
    pick(own, 1)
    own.make_default.click()
    assert user_weights.default_method() == "a"
    qtbot.waitUntil(lambda: own.list.item(1).text() == "a  *  default")
    own.list.item(1).setText("c")
    qtbot.waitUntil(lambda: own.chosen == "c")
    assert user_weights.default_method() == "c"
    own.list.item(1).setText("b")
    qtbot.waitUntil(lambda: own.list.item(1).text() == "b")
    assert [found.name for found in user_weights.list_weights()] == ["b", "c"], "taken"
    pick(own, 1)
    own.delete.click()
    assert len(user_weights.list_weights()) == 2, "asked once more"
    own.delete.click()
    assert [found.name for found in user_weights.list_weights()] == ["c"]


def test_the_bundled_weights_can_only_be_the_default(own):
    pick(own, 0)
    assert not own.delete.isEnabled()
    assert not own.rename.isEnabled()
    assert not own.make_default.isEnabled(), "they are it already"
