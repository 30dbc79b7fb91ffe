"""One-hot vectors together with compositional descriptors, for systems of which few compositions are known."""

from __future__ import annotations

from aiida_gbml.science.compounds.recommenders.factorization_machine import FactorizationMachineRecommender


class OneHotDescriptorsRecommender(FactorizationMachineRecommender):
    """A factorization machine whose features are ions, ratios and, as prior knowledge, compositional descriptors.

    What an element is like stands in for compositions of it that are not known (Seko et al., J. Chem. Phys. 148,
    241719, 2018).
    """

    kind = "one_hot_descriptors"
    uses_descriptors = True
