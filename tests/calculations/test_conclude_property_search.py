"""What a search over a database has found."""

import numpy as np
import pytest
from aiida import orm
from alloys import database
from searches import emt

from aiida_gbml.calculations.conclude_property_search import conclude_property_search
from aiida_gbml.data.property_observations import PropertyObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.objective import Objective
from aiida_gbml.science.compounds.property_rounds import observe
from aiida_gbml.science.compounds.search_features import search_features

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.mark.parametrize("method", ["gaussian process", "random"])
def test_the_best_the_database_and_what_is_believed(method: str) -> None:
    rows = np.array([3, 11, 20, 33, 40, 8])
    evaluated, seen = observe(emt(database().take(rows).with_columns(candidate=rows)), Objective("energy_per_atom"))
    outputs = conclude_property_search(
        candidates=StructureSetData(database()),
        features=orm.ArrayData({"points": search_features(database(), {})["points"]}),
        observations=PropertyObservationsData(seen),
        objective=orm.Dict({"property": "energy_per_atom"}),
        strategy=orm.Dict({"method": method}),
        seed=orm.Int(0),
        engine=orm.Str("gbml.evaluation.emt"),
        level_of_theory=orm.Str("effective-medium theory"),
        evaluated=StructureSetData(evaluated),
    )
    best = int(rows[np.argmin(seen.values)])
    summary = outputs["summary"].get_dict()
    assert summary["best_candidate"] == best
    assert summary["structure_uuid"] == outputs["best_structure"].uuid
    assert summary["method"] == method
    assert outputs["database"].base.attributes.get("n_ok") == 6
    assert str(outputs["best_structure"].get_ase().symbols) == str(database().to_ase(best).symbols)
    assert ("predictions" in outputs) == (method == "gaussian process")
