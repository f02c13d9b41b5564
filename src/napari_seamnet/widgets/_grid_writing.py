"""What the last step of Stitch grid writes: mosaics, reports, tables, and texts to be copied.

Buttons and dialogs are in `_grid_finish.py`, projects in `_grid_keeping.py`. What is in the files
is the core's business.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from ..as_text import AsTextError, Written, as_command, as_python, suggested
from ..mosaic import mosaic_of
from ..mosaic.export import checked_path, export
from ..report import write_report
from ..saving import check_folder
from ..solution_files import write_positions, write_seams, write_tile_configuration
from ..stitching import Workers
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..projects import Project
    from ..shifts.estimate import Progress
    from ..solve import Solution
    from ._grid_keeping import Keeping
    from ._grid_session import GridSession


class Writing(QObject):
    """Writes a grid as it is when it is asked to; what changes meanwhile is not in the file.

    Parameters
    ----------
    session : GridSession
        The grid.
    keeping : Keeping
        Knows which file holds the project.
    parent : QObject
        Its end stops the work.
    workers : callable, optional
        Tells who does the work, for texts.
    """

    said = Signal(str)
    """One sentence on what is wrong; empty takes the last back."""
    wrote = Signal(str, object)
    """What was done, in a sentence, and the file."""

    def __init__(
        self,
        session: GridSession,
        keeping: Keeping,
        parent: QObject,
        workers: Callable[[], Workers] = Workers,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._keeping = keeping
        self._workers = workers
        self.written = Written()
        """What was written of this layout."""
        self.work = Work(self)
        session.laid_out.connect(self._forget_written)

    def _forget_written(self) -> None:
        self.written = Written()

    # -- files --------------------------------------------------------------------------------

    def export(self, path: Path, *, provenance: bool = False) -> None:
        """Write the mosaic, in the background."""
        project, solution = self._solved()
        if project is None or solution is None:
            return

        def job(progress: Progress) -> Generator[str, None, tuple[int, int]]:
            yield f"drawing {path.name}"
            mosaic = mosaic_of(solution)
            checked_path(path)
            export(
                mosaic,
                path,
                ownership=project.ownership,
                pixel_size=project.layout.pixel_size,
                provenance=provenance,
                progress=progress,
            )
            return mosaic.bounds.shape

        def done(shape: tuple[int, int] | None) -> None:
            if shape is None:
                return
            self.written = replace(self.written, out=path, provenance=provenance)
            size = in_units(shape, project.layout.pixel_size)
            self.wrote.emit(f"Wrote {path.name}: {size}{_doubts(solution)}.", path)

        self._start(job, done)

    def report(self, path: Path) -> None:
        """Write the page on the quality, in the background."""
        project, solution = self._solved()
        if project is None or solution is None:
            return
        files = {frame.path for frame in solution.layout.frames if frame.path is not None}
        known = self._keeping.hashes(files)
        try:
            command = self.as_python()
        except AsTextError:
            command = project.command

        def job(progress: Progress) -> Generator[str, None, bool]:
            yield f"reporting to {path.name}"
            check_folder(path, files)
            write_report(
                solution,
                path,
                settings=project.settings,
                command=command or None,
                notes=project.warnings,
                known_hashes=known,
                progress=progress,
            )
            return True

        def done(whole: bool | None) -> None:
            if whole:
                self.written = replace(self.written, report=path)
                self.wrote.emit(f"Wrote {path.name}, a page for any browser.", path)

        self._start(job, done)

    def table(self, kind: str, path: Path) -> None:
        """Write a small file, at once.

        Parameters
        ----------
        kind : str
            "positions", "seams" or "tile_configuration".
        path : Path
            The file.
        """
        _, solution = self._solved()
        if solution is None:
            return
        self.said.emit("")
        write = {
            "positions": write_positions,
            "seams": write_seams,
            "tile_configuration": write_tile_configuration,
        }[kind]
        frames = solution.layout.frames
        try:
            check_folder(path, [frame.path for frame in frames if frame.path is not None])
            write(path, solution)
        except (ValueError, OSError) as error:
            self.said.emit(str(error))
            return
        self.written = _with(self.written, kind, path)
        n = len(solution.seams if kind == "seams" else frames)
        what = "seam" if kind == "seams" else "position"
        self.wrote.emit(f"Wrote {path.name}: {n:,} {what}{'s' * (n != 1)}.", path)

    # -- texts --------------------------------------------------------------------------------

    def as_python(self) -> str:
        """What was done, as lines of Python.

        Raises
        ------
        AsTextError
            If there is nothing yet, or only a saved project could say it.
        """
        return self._text(as_python)

    def as_command(self) -> str:
        """What was done, as a command; raises as `as_python` does."""
        return self._text(as_command)

    def suggest(self, ending: str) -> Path:
        """Name a file beside the project or the frames."""
        session = self._session
        if session.path is not None:
            return suggested(session.path, ending)
        if session.opened is not None:
            source = session.opened.source
            if isinstance(source, str):
                return suggested(Path(source), ending)
            return suggested(Path(source[0]).parent, ending)
        frames = () if session.project is None else session.project.layout.frames
        paths = [frame.path for frame in frames if frame.path is not None]
        return suggested(paths[0].parent, ending) if paths else Path("mosaic" + ending)

    # -- inside -------------------------------------------------------------------------------

    def _text(self, make: Callable[..., str]) -> str:
        session = self._session
        if session.project is None:
            raise AsTextError("nothing was done yet; open a folder, a layout file or a project")
        return make(
            session.project,
            session.opened,
            saved=self._keeping.saved,
            workers=self._workers(),
            written=self.written,
        )

    def _solved(self) -> tuple[Project | None, Solution | None]:
        """The project and its positions; None and a sentence where there are none."""
        session = self._session
        if session.project is None or not session.is_solved:
            self.said.emit("There are no positions to write yet; stitch the grid first.")
            return None, None
        return session.project, session.solution

    def _start(
        self,
        job: Callable[[Progress], Generator[str, None, Any]],
        done: Callable[[Any], None],
    ) -> None:
        self.said.emit("")
        self.work.start(job, done, self.said.emit)


def in_units(shape: tuple[int, int], pixel_size: tuple[float, float] | None) -> str:
    """A size in words, width first, in px and as long as they are known in µm or mm.

    Examples
    --------
    >>> in_units((2000, 3000), None), in_units((2000, 3000), (0.1, 0.5))
    ('3,000 x 2,000 px', '3,000 x 2,000 px (1.5 x 0.2 mm)')
    """
    height, width = shape
    text = f"{width:,} x {height:,} px"
    if pixel_size is None:
        return text
    tall, wide = height * pixel_size[0], width * pixel_size[1]
    if max(tall, wide) >= 1000:
        return f"{text} ({wide / 1000:.3g} x {tall / 1000:.3g} mm)"
    return f"{text} ({wide:.3g} x {tall:.3g} µm)"


def _with(written: Written, kind: str, path: Path) -> Written:
    change: dict[str, Any] = {kind: path}
    return replace(written, **change)


def _doubts(solution: Solution) -> str:
    n = len(solution.to_look_at)
    if not n:
        return ""
    return f"; {n} seam{'s' * (n != 1)} still deserve{'s' * (n == 1)} a look"
