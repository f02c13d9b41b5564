"""From overlap to estimate: one file per method, one registry, consensus of squares."""

from .estimate import Alternative, Cancelled, Estimate, Method, ShiftMap, Status
from .registry import DEFAULT_METHOD, UnknownMethodError, get_method, method_names

__all__ = [
    "DEFAULT_METHOD",
    "Alternative",
    "Cancelled",
    "Estimate",
    "Method",
    "ShiftMap",
    "Status",
    "UnknownMethodError",
    "get_method",
    "method_names",
]
