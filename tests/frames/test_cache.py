import threading

import numpy as np
import pytest

from napari_seamnet.frames.cache import DecodedCache


def picture(value, n=100):
    return np.full(n, value, np.uint8)


def refuse():
    raise AssertionError("decoded again")


def test_a_picture_is_decoded_once_and_then_remembered():
    cache = DecodedCache(1000)
    first = cache.get("a", lambda: picture(1))
    assert cache.get("a", refuse) is first
    assert not first.flags.writeable


def test_the_least_recently_used_is_forgotten_beyond_the_limit():
    cache = DecodedCache(250)
    cache.get("a", lambda: picture(1))
    cache.get("b", lambda: picture(2))
    cache.get("a", refuse)
    cache.get("c", lambda: picture(3))
    assert cache.n_bytes == 200
    assert cache.get("a", refuse)[0] == 1
    assert cache.get("b", lambda: picture(4))[0] == 4


def test_a_picture_larger_than_the_limit_is_given_but_not_remembered():
    cache = DecodedCache(250)
    cache.get("small", lambda: picture(1))
    assert cache.get("large", lambda: picture(2, 300)).size == 300
    assert cache.n_bytes == 100


def test_a_failure_passes_through_and_is_not_remembered():
    cache = DecodedCache(250)
    with pytest.raises(ValueError, match="broken"):
        cache.get("a", lambda: (_ for _ in ()).throw(ValueError("broken")))
    assert cache.get("a", lambda: picture(1))[0] == 1


def test_threads_that_want_one_picture_at_once_decode_it_once():
    cache = DecodedCache(250)
    started, go, calls = threading.Event(), threading.Event(), []

    def slow():
        calls.append(1)
        started.set()
        go.wait(5)
        return picture(1)

    got = []
    threads = [threading.Thread(target=lambda: got.append(cache.get("a", slow))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert started.wait(5)
    go.set()
    for thread in threads:
        thread.join(5)
    assert calls == [1]
    assert len(got) == 4
