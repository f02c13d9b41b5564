"""The journal of a grid's seams: one SQLite file, in which every finished seam is kept at once.

The file and its rows are here. What makes two seams the same seam is in `identity.py`, how an
estimate becomes values in `packing.py`.

What can happen to it: a process killed at any point loses at most the seam that it was about to
write, since a row is one transaction in a write-ahead log. After a power cut the last seconds'
seams may be missing; the file is whole all the same. Several processes may read and write one
journal at the same time, on one machine's own disk.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import JournalError
from .packing import COLUMNS, pack, unpack

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterable, Iterator

    from ..shifts import Estimate

ENDING = ".seams.sqlite"
"""How a journal is usually named; any name will do."""
SCHEMA = 1
APPLICATION = 0x5EA3D06  # "seam log": marks our files, as SQLite's application_id
PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""

_NOTES = {"first": "TEXT", "second": "TEXT", "seconds": "REAL", "date": "TEXT", "version": "TEXT"}
"""What is kept of a seam for people to read; nothing is looked up by it."""
_TABLES = (
    "CREATE TABLE seams (key TEXT PRIMARY KEY, "
    + ", ".join(f"{name} {kind}" for name, kind in (COLUMNS | _NOTES).items())
    + ")",
    "CREATE TABLE files (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, sha256 TEXT)",
)


class Journal:
    """Acts like a dict of estimates that lasts: from a seam's key (`identity.seam_key`).

    Opened again, it holds everything that was put into it, by whichever settings; so what was
    computed once is found again when a setting is put back. Safe from several threads.

    Parameters
    ----------
    path : path
        The file; made if it is not there. Beside it, ``-wal`` and ``-shm`` hold what is being
        written; SQLite removes them when the last process closes the journal.
    read_only : bool, default False
        Only look, while another process may be writing.

    Raises
    ------
    JournalError
        If the file is no journal, damaged, of a newer version, or cannot be made. It is left as
        it is.
    """

    def __init__(self, path: str | os.PathLike[str], *, read_only: bool = False) -> None:
        self.path = Path(path)
        self.read_only = read_only
        self._lock = threading.RLock()
        if not self.path.parent.is_dir():
            raise JournalError(
                f"the journal {self.path} cannot be made: there is no folder {self.path.parent}; "
                "make it"
            )
        if read_only and not self.path.is_file():
            raise JournalError(f"there is no journal {self.path}; check the name")
        if self.path.is_dir():
            raise JournalError(f"{self.path} is a folder; give the name of a file")
        with self._asking():
            self._open()

    def _open(self) -> None:
        address = f"{self.path.resolve().as_uri()}?mode={'ro' if self.read_only else 'rwc'}"
        # Transactions are begun by hand (`_transaction`): a row is one, and is on its way at once.
        self._connection = sqlite3.connect(
            address, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        try:
            # In one transaction: between two looks, another process may make the tables.
            self._connection.execute("BEGIN")
            try:
                self._check()
            finally:
                self._connection.execute("ROLLBACK")
            if not self.read_only:
                self._write_ahead()
                # With a write-ahead log, NORMAL never harms the file; FULL would wait for the
                # disk at every seam, to save the last seams from a power cut.
                self._connection.execute("PRAGMA synchronous=NORMAL")
                self._make()
        except BaseException:
            self._connection.close()
            raise

    def _write_ahead(self) -> None:
        """Switch to a write-ahead log; SQLite itself does not wait for that."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _check(self) -> None:
        """Raise `JournalError` unless the file is ours, of a version we know, or empty."""
        application, schema = self._pragma("application_id"), self._pragma("user_version")
        if application == APPLICATION and schema <= SCHEMA:
            return
        if application == APPLICATION:
            raise JournalError(
                f"the journal {self.path} is of version {schema}, but this program knows "
                f"{SCHEMA}; update napari-seamnet, or give another name"
            )
        tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application or tables or self.read_only:
            raise JournalError(
                f"{self.path} is a database of another program, not a journal of seams; give "
                "another name"
            )

    def _make(self) -> None:
        with self._transaction():
            if self._pragma("application_id") == APPLICATION:
                return  # another process was quicker
            for table in _TABLES:
                self._connection.execute(table)
            self._connection.execute(f"PRAGMA user_version={SCHEMA}")
            self._connection.execute(f"PRAGMA application_id={APPLICATION}")

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; whatever was put is kept."""
        with self._asking():
            self._connection.close()

    def __len__(self) -> int:
        with self._asking():
            return int(self._connection.execute("SELECT count(*) FROM seams").fetchone()[0])

    def __contains__(self, key: str) -> bool:
        with self._asking():
            found = self._connection.execute("SELECT 1 FROM seams WHERE key=?", (key,)).fetchone()
        return found is not None

    def keys(self) -> set[str]:
        """The keys of all seams that are kept."""
        with self._asking():
            return {row["key"] for row in self._connection.execute("SELECT key FROM seams")}

    def get(self, key: str) -> Estimate | None:
        """Return the estimate of a seam, or None if it was not computed yet."""
        with self._asking():
            row = self._connection.execute("SELECT * FROM seams WHERE key=?", (key,)).fetchone()
        if row is None:
            return None
        try:
            return unpack(dict(row))
        except ValueError as error:
            raise JournalError(self._damage(str(error))) from error

    def about(self, key: str) -> dict[str, Any] | None:
        """Tell what is noted of a seam besides: frames' names, seconds, date, version."""
        names = ", ".join(_NOTES)
        with self._asking():
            row = self._connection.execute(
                f"SELECT {names} FROM seams WHERE key=?",  # noqa: S608
                (key,),
            ).fetchone()
        return None if row is None else dict(row)

    def put(
        self,
        key: str,
        estimate: Estimate,
        *,
        names: tuple[str, str] = ("", ""),
        seconds: float = 0.0,
    ) -> None:
        """Keep the estimate of a seam; it is safe from a kill when this returns.

        Parameters
        ----------
        key : str
            See `identity.seam_key`.
        estimate : Estimate
            What was found. Its map is kept in half precision (see `packing.py`).
        names : (str, str)
            The two frames' names, for people who look into the file.
        seconds : float
            How long it took.
        """
        row = {
            "key": key,
            **pack(estimate),
            "first": names[0],
            "second": names[1],
            "seconds": seconds,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": _version(),
        }
        places = ", ".join(f":{name}" for name in row)
        with self._asking(), self._transaction():
            self._connection.execute(
                f"INSERT OR REPLACE INTO seams ({', '.join(row)}) VALUES ({places})",  # noqa: S608
                row,
            )

    def known_hash(self, path: Path, size: int, mtime_ns: int) -> str | None:
        """The content hash of a file, if it was noted with this size and time."""
        with self._asking():
            row = self._connection.execute(
                "SELECT sha256 FROM files WHERE path=? AND size=? AND mtime_ns=?",
                (str(path), size, mtime_ns),
            ).fetchone()
        return None if row is None else str(row["sha256"])

    def note_hash(self, path: Path, size: int, mtime_ns: int, sha256: str) -> None:
        """Note the content hash of a file, so that it need not be read again."""
        with self._asking(), self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                (str(path), size, mtime_ns, sha256),
            )

    def prune(self, keep: Collection[str]) -> int:
        """Forget all seams but those of these keys, and give the space back.

        Returns
        -------
        int
            How many were forgotten.
        """
        gone: Iterable[str] = self.keys() - set(keep)
        with self._asking(), self._transaction():
            before = len(self)
            self._connection.executemany("DELETE FROM seams WHERE key=?", ((k,) for k in gone))
            n = before - len(self)
        self.compact()
        return n

    def compact(self) -> None:
        """Rewrite the file without its gaps, and empty the write-ahead log."""
        with self._asking():
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """One change, whole or not at all, waiting its turn behind other processes."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """One thread at a time, and SQLite's errors in our own words."""
        with self._lock:
            try:
                yield
            except sqlite3.OperationalError as error:
                raise JournalError(self._trouble(str(error))) from error
            except sqlite3.ProgrammingError as error:
                raise JournalError(f"the journal {self.path} is closed; open it again") from error
            except sqlite3.DatabaseError as error:
                raise JournalError(self._damage(str(error))) from error

    def _trouble(self, reason: str) -> str:
        about = f"the journal {self.path} cannot be {'read' if self.read_only else 'written'}"
        if "locked" in reason:
            return (
                f"{about}: another process has been writing to it for {PATIENCE:.0f} s; wait for "
                "that, or give another name"
            )
        if "no such table" in reason or "no such column" in reason or "malformed" in reason:
            return self._damage(reason)
        return f"{about} ({reason}); look at the folder's permissions and free space"

    def _damage(self, reason: str) -> str:
        return (
            f"{self.path} is no journal of seams, or is damaged ({reason}); move it away and "
            "start again, or give another name"
        )


def _version() -> str:
    try:
        return version("napari-seamnet")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return ""
