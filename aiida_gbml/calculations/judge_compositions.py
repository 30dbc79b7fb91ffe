"""From energies to the compositions that are stable."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.verification import VerificationSettings
from aiida_gbml.science.compounds.verification import judge_compositions as judge


@calcfunction
def judge_compositions(
    evaluated: StructureSetData, phases: StructureSetData, expectation: orm.Dict, settings: orm.Dict
) -> dict[str, orm.Data]:
    """Return the judged structures as ``verified``, the counts and rates as ``report``, and the ``stable`` ones.

    :param evaluated: structures of the chosen compositions with ``energy`` (eV) and ``status``.
    :param phases: the competing phases by the same engine.
    :param expectation: what was expected of them before.
    :param settings: fields of `VerificationSettings`.
    """
    tolerance = VerificationSettings.from_dict(settings.get_dict()).tolerance
    verified, summary, stable = judge(evaluated.structures, phases.structures, tolerance)
    report = {**summary, "expected_hit_rate": expectation["expected_hit_rate"]}
    report["n_without_prototype"] = expectation["n_without_prototype"]
    return {
        "verified": StructureSetData(verified),
        "report": orm.Dict(report),
        "stable": CompositionSetData(stable),
    }
