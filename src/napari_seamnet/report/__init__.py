"""The quality report: one self-contained page about a solved grid."""

from .page import write_report

__all__ = ["write_report"]
