"""The closed list of recommenders, by which stored models are rebuilt."""

from __future__ import annotations

from aiida_gbml.science.compounds.recommenders.base import Recommender
from aiida_gbml.science.compounds.recommenders.cp import CpRecommender
from aiida_gbml.science.compounds.recommenders.descriptors import DescriptorRecommender
from aiida_gbml.science.compounds.recommenders.ensemble import EnsembleRecommender
from aiida_gbml.science.compounds.recommenders.factorization_machine import FactorizationMachineRecommender
from aiida_gbml.science.compounds.recommenders.one_hot_descriptors import OneHotDescriptorsRecommender
from aiida_gbml.science.compounds.recommenders.popularity import PopularityRecommender
from aiida_gbml.science.compounds.recommenders.substitution import SubstitutionRecommender
from aiida_gbml.science.compounds.recommenders.tucker import TuckerRecommender
from aiida_gbml.science.compounds.recommenders.unfolding import (
    NmfRecommender,
    SvdCationRecommender,
    SvdPairRecommender,
)

RECOMMENDERS: dict[str, type[Recommender]] = {
    one.kind: one
    for one in (
        PopularityRecommender,
        SvdCationRecommender,
        SvdPairRecommender,
        NmfRecommender,
        CpRecommender,
        TuckerRecommender,
        SubstitutionRecommender,
        EnsembleRecommender,
        FactorizationMachineRecommender,
        DescriptorRecommender,
        OneHotDescriptorsRecommender,
    )
}
"""By kind."""
