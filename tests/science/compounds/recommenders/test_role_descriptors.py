"""Descriptors of candidates against numpy's weighted moments."""

import numpy as np
import pytest
from known_compositions import all_candidates

from aiida_gbml.science.compounds.elements import NAMES, element_table
from aiida_gbml.science.compounds.recommenders.base import RecommenderError
from aiida_gbml.science.compounds.recommenders.role_descriptors import DESCRIPTOR_NAMES, PARTS, role_descriptors
from aiida_gbml.science.compounds.roles import RoleTable

BATIO3 = RoleTable(np.array([[22, 56]], np.uint8), np.array([8], np.uint8), np.array([[1, 1, 3]], np.uint8))


def column(name: str) -> int:
    return DESCRIPTOR_NAMES.index(name)


def test_moments_are_those_of_the_atoms() -> None:
    atoms = np.array([22, 56, 8, 8, 8])
    (row,) = role_descriptors(BATIO3)
    assert row.shape == (len(NAMES) * len(PARTS) + 3,)
    for name in ("mass", "electronegativity_pauling", "covalent_radius"):
        values = element_table().of(atoms, [name])[:, 0]
        np.testing.assert_allclose(row[column(f"mean of {name}")], values.mean(), rtol=1e-5)
        np.testing.assert_allclose(row[column(f"deviation of {name}")], values.std(), rtol=1e-4)
        np.testing.assert_allclose(
            row[column(f"anion minus cations of {name}")], values[2] - values[:2].mean(), rtol=1e-4
        )
    np.testing.assert_allclose(row[-3:], [0.6, 0.2, np.log(5)], rtol=1e-6)


def test_a_row_does_not_depend_on_the_others() -> None:
    roles = all_candidates(3)
    together = role_descriptors(roles)
    np.testing.assert_array_equal(role_descriptors(roles.take(np.arange(17, 23))), together[17:23])
    assert np.isfinite(together).all()


def test_an_element_without_properties_is_named() -> None:
    rutherfordium = RoleTable(np.array([[3, 104]], np.uint8), BATIO3.anions, BATIO3.coefficients)
    with pytest.raises(RecommenderError, match=r"Rf has no .*, which end with Lr: take it out of the table of ions"):
        role_descriptors(rutherfordium)
