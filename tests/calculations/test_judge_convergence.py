"""When a spectrum stands still."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from aiida import orm
from core_hole_data import DETAILS

from aiida_gbml.calculations.judge_convergence import judge_convergence
from aiida_gbml.data.spectrum import SpectrumData

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")
ENERGY = np.linspace(520.0, 545.0, 501)
PEAK = np.exp(-((ENERGY - 530.0) ** 2))


def judged(factor: float, energy: float | None = 530.0, history: Any = None) -> dict[str, Any]:
    """Return the history after a step whose spectrum is higher than the one before by a factor."""
    plan = {"n_atoms": 8, "image_distance": 4.2, "scf_kpoints": [1] * 3, "spectrum_kpoints": [1] * 3}
    spectra = {"new_full": SpectrumData(ENERGY, factor * PEAK, {}, DETAILS)}
    if history is not None:
        spectra |= {"old_full": SpectrumData(ENERGY, PEAK, {}, DETAILS), "history": orm.Dict(history)}
    outputs = judge_convergence(
        plan=orm.Dict({**plan, "treatments": ["full"]}),
        energies=orm.Dict({"transition_energy": energy}),
        tolerance=orm.Float(0.05),
        energy_tolerance=orm.Float(0.1),
        **spectra,
    )
    found: dict[str, Any] = outputs["history"].get_dict()
    return found


def test_one_step_is_not_converged() -> None:
    history = judged(1.0)
    assert not history["converged"]
    assert history["steps"][0]["transition_energy"] == 530.0
    assert history["steps"][0]["n_atoms"] == 8


@pytest.mark.parametrize(
    ("factor", "energy", "converged"),
    [(1 / 0.96, 530.05, True), (1 / 0.94, 530.05, False), (1 / 0.96, 529.85, False), (1 / 0.96, None, True)],
)
def test_both_spectrum_and_transition_energy_must_stand_still(factor: float, energy: float, converged: bool) -> None:
    history = judged(factor, energy, judged(1.0))
    assert history["converged"] is converged
    last = history["steps"][1]
    assert last["spectral_change"] == pytest.approx(1 - 1 / factor)  # of the higher one
    assert last["energy_change"] == (None if energy is None else pytest.approx(abs(energy - 530.0)))
