"""An estimate as plain values for a journal, and back.

Shifts and confidences keep every bit. Maps are kept in half precision, relative to their best
value, so that what matters of them, the surroundings of the peaks, keeps the most digits.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from ..geometry import Shift
from ..shifts.estimate import Alternative, Estimate, ShiftMap, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST_LOG = -60.0
"""Log-probabilities farther than this below the best are kept as this: e^-60 is impossible too."""
LOG = "log-probability"
_HALF = np.dtype("<f2")
_TINY = -float(np.finfo(np.float16).smallest_subnormal)
_SPAN = 1000.0
"""Values that are no log-probabilities are stretched to this range: half precision holds 65504."""

COLUMNS = {
    "status": "TEXT",
    "dy": "REAL",
    "dx": "REAL",
    "confidence": "REAL",
    "alternatives": "TEXT",
    "reason": "TEXT",
    "method": "TEXT",
    "device": "TEXT",
    "map": "BLOB",
    "map_size": "INTEGER",
    "map_best": "REAL",
    "map_scale": "REAL",
    "map_meaning": "TEXT",
}
"""Name and SQL type of the values that an estimate becomes."""


def pack(estimate: Estimate) -> dict[str, Any]:
    """Turn an estimate into the values of `COLUMNS`."""
    alternatives = [[a.shift.dy, a.shift.dx, a.probability] for a in estimate.alternatives]
    return {
        "status": str(estimate.status),
        "dy": float(estimate.shift.dy),
        "dx": float(estimate.shift.dx),
        "confidence": float(estimate.confidence),
        # repr of a float, as JSON writes it, is read back to the same bits.
        "alternatives": json.dumps([[float(v) for v in one] for one in alternatives]),
        "reason": estimate.reason,
        "method": estimate.method,
        "device": estimate.device,
        **_pack_map(estimate.map),
    }


def unpack(values: Mapping[str, Any]) -> Estimate:
    """Turn the values of `COLUMNS` back into an estimate.

    Raises
    ------
    ValueError
        If they are no such values: a damaged journal.
    """
    try:
        alternatives = tuple(
            Alternative(Shift(dy, dx), probability)
            for dy, dx, probability in json.loads(values["alternatives"])
        )
        return Estimate(
            Shift(values["dy"], values["dx"]),
            Status(values["status"]),
            values["confidence"],
            alternatives,
            _unpack_map(values),
            values["method"],
            values["reason"],
            values["device"],
        )
    except (TypeError, KeyError, zlib.error) as error:
        raise ValueError(f"no values of an estimate: {error}") from error


def _pack_map(shift_map: ShiftMap | None) -> dict[str, Any]:
    if shift_map is None:
        names = ("map", "map_size", "map_best", "map_scale", "map_meaning")
        return dict.fromkeys(names)
    values = np.asarray(shift_map.values, float)
    finite = values[np.isfinite(values)]
    best = float(finite.max()) if finite.size else 0.0
    scale = 1.0
    if shift_map.meaning != LOG and finite.size and finite.max() > finite.min():
        scale = float(finite.max() - finite.min()) / _SPAN
    relative = (values - best) / scale
    if shift_map.meaning == LOG:
        relative = np.maximum(relative, LEAST_LOG)  # NaN stays NaN
    half = relative.astype(_HALF)
    # What is a little less than the best stays so, or another place would come to be the best.
    half[(half == 0) & (relative < 0)] = _TINY
    return {
        "map": zlib.compress(half.tobytes()),
        "map_size": values.shape[0],
        "map_best": best,
        "map_scale": scale,
        "map_meaning": shift_map.meaning,
    }


def _unpack_map(values: Mapping[str, Any]) -> ShiftMap | None:
    if values["map"] is None:
        return None
    size = values["map_size"]
    half = np.frombuffer(zlib.decompress(values["map"]), _HALF).reshape(size, size)
    relative = half.astype(float) * values["map_scale"]
    return ShiftMap(relative + values["map_best"], values["map_meaning"])
