import io
import threading
import time

import numpy as np
import pytest
from PIL import Image

from napari_seamnet.grids import GridError, watch_folder
from napari_seamnet.grids import watch as module

QUICK = {"poll": 0.02, "settle": 0.08}


def picture(seed=0, ending="png"):
    pixels = np.random.default_rng(seed).integers(0, 255, (60, 80), np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, {"png": "PNG", "tif": "TIFF", "jpg": "JPEG"}[ending])
    return content.getvalue()


@pytest.fixture
def watching(tmp_path):
    """Watch in a thread, as a command would; gives what came, by name, and stops at the end."""
    stop = threading.Event()
    came, troubles, threads = [], [], []

    def begin(**settings):
        def work():
            for paths in watch_folder(
                tmp_path,
                stop=stop,
                on_trouble=lambda path, reason: troubles.append((path.name, reason)),
                **(QUICK | settings),
            ):
                came.append([path.name for path in paths])

        threads.append(threading.Thread(target=work))
        threads[0].start()
        return came, troubles

    yield begin
    stop.set()
    threads[0].join(5)
    assert not threads[0].is_alive()


def wait_for(what, seconds=5):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.01)


def test_frames_that_are_there_and_those_that_come_are_given_once(tmp_path, watching):
    (tmp_path / "b.png").write_bytes(picture())
    time.sleep(0.01)
    (tmp_path / "a.tif").write_bytes(picture(ending="tif"))
    (tmp_path / "notes.txt").write_text("no frame")
    (tmp_path / ".hidden.png").write_bytes(picture())
    (tmp_path / "folder.png").mkdir()
    came, troubles = watching()
    wait_for(lambda: sum(map(len, came)) == 2)
    assert [name for names in came for name in names] == ["b.png", "a.tif"]
    (tmp_path / "c.jpg").write_bytes(picture(ending="jpg"))
    wait_for(lambda: came[-1] == ["c.jpg"])
    time.sleep(0.2)
    assert sum(map(len, came)) == 3
    assert not troubles


def test_a_file_that_is_written_slowly_is_given_when_it_is_whole(tmp_path, watching):
    came, _ = watching()
    content, path = picture(), tmp_path / "slow.png"
    with path.open("wb") as file:
        for start in range(0, len(content), 600):
            file.write(content[start : start + 600])
            file.flush()
            time.sleep(0.03)
            assert not came
    wait_for(lambda: came == [["slow.png"]])


@pytest.mark.parametrize("ending", ["png", "tif", "jpg"])
def test_a_writer_that_pauses_for_long_is_waited_for(tmp_path, watching, ending):
    """Size and time stand still, but the picture cannot be decoded to its end."""
    came, troubles = watching()
    content, path = picture(ending=ending), tmp_path / f"pause.{ending}"
    with path.open("wb") as file:
        file.write(content[: len(content) // 2])
        file.flush()
        wait_for(lambda: troubles)
        time.sleep(0.2)
        assert not came
        assert len(troubles) == 1
        assert troubles[0][0] == path.name
        file.write(content[len(content) // 2 :])
    wait_for(lambda: came == [[path.name]])


def test_a_file_renamed_when_it_is_finished_is_given_by_its_last_name(tmp_path, watching):
    came, _ = watching()
    (tmp_path / "a.png.part").write_bytes(picture())
    time.sleep(0.1)
    (tmp_path / "a.png.part").rename(tmp_path / "a.png")
    wait_for(lambda: came == [["a.png"]])


def test_a_file_written_anew_is_given_again(tmp_path, watching):
    came, _ = watching()
    (tmp_path / "a.png").write_bytes(picture(0))
    wait_for(lambda: len(came) == 1)
    (tmp_path / "a.png").write_bytes(picture(1))
    wait_for(lambda: came == [["a.png"], ["a.png"]])


def test_a_file_that_was_not_readable_is_tried_again(tmp_path, watching, monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", 0.1)
    real, fails = module.open_frame, [1, 1]

    def unwilling(path, page=None):
        if fails:
            fails.pop()
            raise OSError("locked by another program")
        return real(path, page)

    monkeypatch.setattr(module, "open_frame", unwilling)
    came, troubles = watching()
    (tmp_path / "a.png").write_bytes(picture())
    wait_for(lambda: came == [["a.png"]])
    assert troubles == [("a.png", "locked by another program")]


def test_names_can_be_chosen_and_a_callable_stops(tmp_path):
    (tmp_path / "a.png").write_bytes(picture())
    (tmp_path / "b.png").write_bytes(picture())
    until = time.monotonic() + 0.4
    came = list(
        watch_folder(
            tmp_path,
            lambda path: path.name == "b.png",
            stop=lambda: time.monotonic() > until,
            **QUICK,
        )
    )
    assert came == [(tmp_path / "b.png",)]


def test_it_stops_at_once_when_told(tmp_path):
    stop = threading.Event()
    stop.set()
    start = time.monotonic()
    assert list(watch_folder(tmp_path, stop=stop, poll=30)) == []
    assert time.monotonic() - start < 1


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(GridError, match=r"nowhere cannot be watched.*check its name"):
        next(watch_folder(tmp_path / "nowhere"))
