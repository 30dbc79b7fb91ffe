"""From everything a search has evaluated to what it has found."""

import numpy as np
import pytest
from aiida import orm
from ase.calculators.emt import EMT
from searches import BOUNDARY, J_PER_M2, SPACE

from aiida_gbml.calculations.analyse_search import analyse_search
from aiida_gbml.data.candidates import CandidateSetData
from aiida_gbml.data.observations import ObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.surrogate import KINDS
from aiida_gbml.science.learning.model_file import rebuild

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.fixture
def analyse(candidates, reference, observations, evaluated):
    def make(method="kriging", **others):
        given = {
            "candidates": CandidateSetData(candidates),
            "reference": StructureSetData(reference),
            "observations": ObservationsData(observations),
            "evaluated": StructureSetData(evaluated),
            "boundary": orm.Dict(BOUNDARY),
            "space": orm.Dict(SPACE),
            "strategy": orm.Dict({"method": method}),
            "seed": orm.Int(0),
            "engine": orm.Str("gbml.evaluation.emt"),
            "level_of_theory": orm.Str("effective-medium theory"),
        }
        return analyse_search(**given, **others)

    return make


def test_the_best_structure_has_the_energy_of_the_summary(analyse, evaluated, reference):
    outputs = analyse()
    atoms, summary = outputs["best_structure"].get_ase(), outputs["interface"].get_dict()
    atoms.calc = EMT()
    area = np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1]))
    excess = atoms.get_potential_energy() - len(atoms) / 4 * reference.columns["energy"][0]
    assert summary["gb_energy"] == pytest.approx(J_PER_M2 * excess / (2 * area), rel=1e-6)
    assert summary["gb_energy"] == pytest.approx(evaluated.columns["excess_energy"].min())
    assert summary["structure_uuid"] == outputs["best_structure"].uuid
    assert (summary["n_evaluated"], summary["n_failed"], summary["n_verified"]) == (len(evaluated), 0, 0)


def test_the_stored_model_predicts_the_gamma_surface(analyse, candidates):
    """A model rebuilt from its arrays is another route to the same numbers."""
    outputs = analyse()
    surrogate = rebuild(outputs["model"].model, KINDS)
    columns = (candidates.translations, candidates.gaps, candidates.terminations, candidates.n_removed)
    mean, deviation = surrogate.predict(*columns)
    np.testing.assert_allclose(mean, outputs["gamma_surface"].get_array("mean"), atol=1e-5)
    np.testing.assert_allclose(deviation, outputs["gamma_surface"].get_array("deviation"), atol=1e-3)


def test_a_search_that_learns_nothing_has_no_model(analyse):
    assert set(analyse("random")) == {"best_structure", "interface"}


def test_verified_energies_decide(analyse, evaluated):
    """The second engine turns the order of two basins around."""
    order = np.argsort(evaluated.columns["excess_energy"])[:2]
    verified = evaluated.take(order).with_columns(excess_energy=[1.4, 1.3])
    summary = analyse(verified=StructureSetData(verified))["interface"]
    assert summary["gb_energy"] == 1.3
    assert summary["screening_energy"] == pytest.approx(evaluated.columns["excess_energy"].min())
    assert summary["translation"] == pytest.approx(evaluated.columns["translation"][order[1]])
    assert summary["n_verified"] == 2
