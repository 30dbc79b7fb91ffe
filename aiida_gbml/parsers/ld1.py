"""From the files of ``ld1.x`` to a pseudopotential and its atomic checks."""

from __future__ import annotations

import math
from dataclasses import asdict
from io import BytesIO
from typing import Any

from aiida import orm
from aiida.engine import ExitCode
from aiida_pseudo.data.pseudo import UpfData

from aiida_gbml.data.core_hole_upf import CoreHoleUpfData
from aiida_gbml.parsers.file_parser import FileParser
from aiida_gbml.science.engines.ld1 import (
    ALL_ELECTRON_DERIVATIVES,
    PSEUDO_DERIVATIVES,
    Ld1OutputError,
    Ld1Result,
    parse_ld1,
    parse_log_derivatives,
)
from aiida_gbml.science.engines.upf import Upf, UpfError, read_upf
from aiida_gbml.science.spectra.recipes import Recipe


class Ld1Parser(FileParser):
    """Attach a pseudopotential only when the program says that all went well, and the file itself confirms it."""

    CACHE_VERSION: int | None = 1

    def parse(self, **_: Any) -> ExitCode | None:
        """Return an exit code unless there are energies and logarithmic derivatives, and what was to be made."""
        stdout = self._content(self.node.get_option("output_filename") or "")
        if not stdout:
            # What the scheduler has said already (out of memory, walltime) says more than that a file is missing.
            return None if self.node.exit_status else self._exit("ERROR_NO_OUTPUT")
        result = parse_ld1(stdout.decode("utf-8", errors="replace"))
        if result.failure:
            return self._exit("ERROR_LD1_STOPPED", reason=result.failure)
        made = None if "pseudo" in self.node.inputs else self._content(self._filename)
        if made == b"":
            return self._exit("ERROR_NO_PSEUDO")
        try:
            upf = _checked_upf(made, self._recipe) if made else self._tested
            self.out("log_derivatives", self._log_derivatives())
            self.out("output_parameters", orm.Dict(_parameters(result, upf)))
        except UpfError as exception:
            return self._exit("ERROR_PSEUDO_DAMAGED", reason=str(exception))
        except Ld1OutputError as exception:
            return self._exit("ERROR_OUTPUT_DAMAGED", reason=str(exception))
        if made:
            kind = UpfData if self.node.inputs.hole.value == "none" else CoreHoleUpfData
            self.out("pseudo", kind(BytesIO(made), filename=self._filename))
        return None

    @property
    def _recipe(self) -> Recipe:
        return Recipe.from_mapping(self.node.inputs.recipe.get_dict())

    @property
    def _filename(self) -> str:
        return self._recipe.pseudo_filename(self.node.inputs.shell.value, self.node.inputs.hole.value)

    @property
    def _tested(self) -> Upf:
        return read_upf(self.node.inputs.pseudo.get_content(mode="rb"))

    def _log_derivatives(self) -> orm.ArrayData:
        """Return the logarithmic derivatives of the atom and of the pseudo atom on one grid of energies."""
        energies, all_electron = parse_log_derivatives(self._text(ALL_ELECTRON_DERIVATIVES))
        others, pseudo = parse_log_derivatives(self._text(PSEUDO_DERIVATIVES))
        if energies.shape != others.shape or all_electron.shape != pseudo.shape or (energies != others).any():
            raise Ld1OutputError(
                "the logarithmic derivatives of the atom and the pseudo atom are of different energies"
            )
        return orm.ArrayData({"energies": energies, "all_electron": all_electron, "pseudo": pseudo})

    def _text(self, name: str) -> str:
        return self._content(name).decode("ascii", errors="replace")


def _checked_upf(content: bytes, recipe: Recipe) -> Upf:
    """Return what is in a pseudopotential.

    :raises UpfError: when the file is damaged or ends early, or is that of another element.
    """
    if not content.rstrip().endswith(b"</UPF>"):
        raise UpfError("it ends early")
    upf = read_upf(content)
    if upf.element != recipe.element:
        raise UpfError(f"it is one of {upf.element}, the recipe is for {recipe.element}")
    return upf


def _parameters(result: Ld1Result, upf: Upf) -> dict[str, Any]:
    """Return the numbers of a run.

    :raises Ld1OutputError: when one of them is not finite.
    """
    levels = [asdict(level) for level in result.levels]
    energies = {
        "all_electron_energy_ry": result.all_electron_energy_ry,
        "pseudo_energy_ry": result.pseudo_energy_ry,
    }
    numbers = [*energies.values(), *(value for level in levels for value in level.values())]
    if not all(math.isfinite(number) for number in numbers if isinstance(number, float)):
        raise Ld1OutputError("it holds numbers that are not finite")
    return {
        **energies,
        "levels": levels,
        "version": result.version,
        "element": upf.element,
        "z_valence": upf.z_valence,
        "cutoff_wfc": upf.cutoff_wfc,
        "cutoff_rho": upf.cutoff_rho,
    }
