"""One run at a time at one place: a second one is told so at once.

Only the lock is here; which place needs one is the caller's business. The operating system keeps
the lock and gives it up when a process ends, however it ends: a killed run blocks nobody.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""What drives say that know no locks."""
_HELD = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES}
"""What a lock says that another run holds."""


class LockedError(ValueError):
    """Another run is at work at this place; the message names it, and says what to do."""


@contextmanager
def only_run(place: Path, lock: Path) -> Iterator[None]:
    """Hold a lock while the block runs, so that a second run at the same place is refused.

    Parameters
    ----------
    place : Path
        What is being written; for the message.
    lock : Path
        The file to lock, in a folder that is there; made, and removed afterwards. One that a
        killed run has left is no lock any more.

    Raises
    ------
    LockedError
        If another run holds the lock, in this process or another.

    Notes
    -----
    Some network drives know no locks; there, the block runs without one.
    """
    handle = _take(place, lock)
    try:
        yield
    finally:
        _give_back(handle, lock)


def check_no_run(place: Path, lock: Path) -> None:
    """Raise `LockedError` if a run holds a lock now; nothing is made, held or removed.

    Parameters
    ----------
    place : Path
        What is being read; for the message.
    lock : Path
        The file that a run would have locked; it need not be there.
    """
    try:
        handle = os.open(lock, os.O_RDONLY)  # whoever reads may have no right to write there
    except OSError:
        return
    try:
        _lock(handle)
    except OSError as error:
        if error.errno in _HELD:
            raise _held(place) from error
    finally:
        os.close(handle)


def _held(place: Path) -> LockedError:
    return LockedError(
        f"another run is writing to {place} now; wait until it has ended, or stop it and run the "
        "same again to go on, or give another name"
    )


def _take(place: Path, lock: Path) -> int:
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle)
            if _is_still(handle, lock):
                return handle
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return handle
            os.close(handle)
            if error.errno not in _HELD:
                raise
            raise _held(place) from error
        os.close(handle)  # whoever held it has just removed the file: lock the next one


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_still(handle: int, lock: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(lock))
    except FileNotFoundError:
        return False


def _give_back(handle: int, lock: Path) -> None:
    if sys.platform == "win32":
        os.close(handle)  # an open file cannot be removed there
        with suppress(PermissionError):  # another run has opened it since, and removes it
            lock.unlink(missing_ok=True)
        return
    # Removed before it is let go: afterwards it may be another run's already.
    lock.unlink(missing_ok=True)
    with suppress(OSError):  # a drive without locks
        # Closing would not do where a forked process has the handle too.
        fcntl.flock(handle, fcntl.LOCK_UN)
    os.close(handle)
