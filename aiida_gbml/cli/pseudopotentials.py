"""The pseudopotential family of a user, with the cutoffs without which it recommends nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from aiida_gbml.cli.findings import Finding

if TYPE_CHECKING:
    from aiida_pseudo.groups.family import CutoffsPseudoPotentialFamily

Cutoffs = Mapping[str, Mapping[str, float]]
"""``cutoff_wfc`` and ``cutoff_rho`` in Ry of each element."""

TEST_FAMILY = "pz-vbc-test"
"""Label of the family made of the distribution's files when the user has no other."""

_STRINGENCY = "normal"
_DISTRIBUTION = Path("/usr/share/espresso/pseudo")
_TEST_CUTOFFS = {"Al.pz-vbc.UPF": 20.0, "Mg.pz-n-vbc.UPF": 15.0, "Si.pz-vbc.UPF": 25.0}
"""Wave-function cutoffs in Ry of norm-conserving LDA files: the pressure of fcc Al, hcp Mg and diamond Si near their
equilibrium volumes is within 1.5 kbar of its value at 40 Ry."""


def read_cutoffs(path: Path) -> Cutoffs:
    """Return the cutoffs of a JSON file ``{"Al": {"cutoff_wfc": 30, "cutoff_rho": 240}, ...}`` in Ry.

    :raises ValueError: when the file holds anything else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as exception:
        raise ValueError(f"the cutoffs file '{path}' is no JSON: {exception}") from exception
    if not isinstance(content, dict) or not all(isinstance(values, dict) for values in content.values()):
        raise ValueError(f'\'{path}\' must read {{"Al": {{"cutoff_wfc": 30, "cutoff_rho": 240}}, ...}}, in Ry')
    return content


def ensure_family(label: str | None, folder: Path | None, cutoffs: Cutoffs | tuple[float, float] | None) -> Finding:
    """Return what was found of, or done for, the pseudopotential family.

    :param label: label of the family, the name of the folder by default.
    :param folder: folder with one UPF file an element, from which the family is made unless it exists.
    :param cutoffs: cutoffs in Ry, by element or the same ``(wave functions, density)`` for all.
    :raises ValueError: when the folder or the cutoffs do not make a family.
    """
    if label is None and folder is None:
        return _any_family() or _make_test_family()
    label = label or str(folder and folder.resolve().name)
    family = load_family(label)
    made = family is None
    if family is None:
        if folder is None:
            raise ValueError(f"there is no pseudopotential family '{label}'; give its folder with --pseudo-dir")
        family = _create(label, folder, "")
    try:
        if cutoffs is not None:
            set_cutoffs(family, cutoffs)
    except ValueError as exception:
        if made:
            type(family).collection.delete(family.pk)
        raise ValueError(f"the cutoffs do not fit the family '{label}': {exception}") from exception
    return _describe(family, made or cutoffs is not None)


def load_family(label: str) -> CutoffsPseudoPotentialFamily | None:
    """Return the family with cutoffs of a label, or None."""
    return next((family for family in families() if family.label == label), None)


def families() -> Iterable[CutoffsPseudoPotentialFamily]:
    """Return all families that can hold cutoffs, the oldest first."""
    from aiida import orm
    from aiida_pseudo.groups.family import CutoffsPseudoPotentialFamily, PseudoDojoFamily, SsspFamily

    query = orm.QueryBuilder().append((CutoffsPseudoPotentialFamily, PseudoDojoFamily, SsspFamily), tag="family")
    return query.order_by({"family": "id"}).all(flat=True)


def has_default_cutoffs(family: CutoffsPseudoPotentialFamily) -> bool:
    """Return whether a family recommends cutoffs without being told a stringency."""
    try:
        return family.get_default_stringency() in family.get_cutoff_stringencies()
    except ValueError:
        return False


def set_cutoffs(family: CutoffsPseudoPotentialFamily, cutoffs: Cutoffs | tuple[float, float]) -> None:
    """Give a family cutoffs in Ry and make them its default.

    :raises ValueError: when they are not the cutoffs of exactly the elements of the family.
    """
    if isinstance(cutoffs, tuple):
        cutoff_wfc, cutoff_rho = cutoffs
        cutoffs = {element: {"cutoff_wfc": cutoff_wfc, "cutoff_rho": cutoff_rho} for element in family.elements}
    family.set_cutoffs({element: dict(values) for element, values in cutoffs.items()}, _STRINGENCY, unit="Ry")
    family.set_default_stringency(_STRINGENCY)


def _any_family() -> Finding | None:
    """Return the first family that is ready for use, or None."""
    ready = [family for family in families() if has_default_cutoffs(family)]
    return _describe(ready[0], made=False) if ready else None


def _make_test_family() -> Finding:
    """Make a small family of the distribution's files, or say what is missing."""
    files = [_DISTRIBUTION / name for name in _TEST_CUTOFFS if (_DISTRIBUTION / name).exists()]
    if not files:
        remedy = "aiida-gbml setup --pseudo-dir FOLDER --cutoffs FILE.json"
        return Finding("pseudopotentials", "warning", "there is no family with cutoffs", remedy)
    with TemporaryDirectory() as folder:
        for file in files:
            shutil.copy(file, folder)
        family = _create(TEST_FAMILY, Path(folder), "Norm-conserving LDA from quantum-espresso-data, of test quality")
    wave_functions = {file.name.split(".")[0]: _TEST_CUTOFFS[file.name] for file in files}
    set_cutoffs(family, {element: {"cutoff_wfc": e, "cutoff_rho": 4 * e} for element, e in wave_functions.items()})
    finding = _describe(family, made=True)
    return Finding(finding.subject, "made", f"{finding.text}; LDA of test quality, use your own for results to publish")


def _create(label: str, folder: Path, description: str) -> CutoffsPseudoPotentialFamily:
    """Make a family of a folder of UPF files.

    :raises ValueError: when the folder holds other files, or two files of one element.
    """
    from aiida.common.exceptions import ParsingError
    from aiida_pseudo.data.pseudo import UpfData
    from aiida_pseudo.groups.family import CutoffsPseudoPotentialFamily

    family: Any = CutoffsPseudoPotentialFamily
    try:
        return family.create_from_folder(folder, label, description=description, pseudo_type=UpfData)
    except (ValueError, ParsingError) as exception:
        raise ValueError(f"'{folder}' makes no pseudopotential family: {exception}") from exception


def _describe(family: CutoffsPseudoPotentialFamily, made: bool) -> Finding:
    """Return the line about a family."""
    elements = sorted(family.elements)
    listed = " ".join(elements) if len(elements) < 10 else f"{len(elements)} elements"
    text = f"family '{family.label}' with {listed}"
    if has_default_cutoffs(family):
        return Finding("pseudopotentials", "made" if made else "ok", text)
    remedy = f"aiida-gbml setup --pseudo-label {family.label} --cutoffs FILE.json"
    return Finding("pseudopotentials", "warning", f"{text} has no cutoffs", remedy)
