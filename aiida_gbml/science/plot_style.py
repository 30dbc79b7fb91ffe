"""What the pictures share: colours that colour-blind readers can tell apart, sizes for a page, and files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito, Color Universal Design (2008)
ORANGE, GREEN, BLUE, VERMILION = "#E69F00", "#009E73", "#0072B2", "#D55E00"
BLACK, GREY, RED = "#1a1a1a", "#8c8c8c", "#ff3b30"

PAGE_WIDTH = 7.0
"""Width in inches of a text page."""

STYLE: dict[str, Any] = {
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 9.0,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "xtick.direction": "out",
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "savefig.bbox": "tight",
    "savefig.dpi": 200,
    "savefig.pad_inches": 0.05,
    "savefig.facecolor": "white",
    "svg.hashsalt": "aiida-gbml",
}
"""Settings under which every figure is drawn and saved."""


def with_unit(name: str, unit: str) -> str:
    """Return the label of an axis: the unit in parentheses, or behind a comma when it has some itself."""
    if not unit:
        return name
    return f"{name}, {unit}" if "(" in unit else f"{name} ({unit})"


def save(figure: Figure, path: Path) -> None:
    """Write a figure as the file type that the name ends in, PNG or SVG; equal figures give equal files.

    :raises ValueError: for any other file type.
    """
    from matplotlib import rc_context

    file_type = path.suffix.lower().removeprefix(".")
    if file_type not in ("png", "svg"):
        raise ValueError(f"cannot save a picture as '{path.name}', the name must end in .png or .svg")
    with rc_context(STYLE):
        figure.savefig(path, format=file_type, metadata={"Date": None} if file_type == "svg" else {"Software": None})
