"""From the inputs of an evaluation of recommenders to what its task reads."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.ion_table import IonTableData
from aiida_gbml.science.compounds.candidates import CandidateSpace


@calcfunction
def plan_evaluation(
    space: orm.Dict,
    ions: IonTableData,
    models: orm.List,
    split: orm.Dict | None = None,
    settings: orm.Dict | None = None,
) -> dict[str, orm.Dict] | ExitCode:
    """Return the parameters of the task `evaluate_recommender` as output ``parameters``.

    :param space: `arity`, and where they differ from the defaults `limits` and `filters`.
    :param ions: elements and charges.
    :param models: kinds of recommenders, or mappings with `kind`, `settings` and `label`.
    :param split: how the known compositions are divided; none where there are later ones.
    :param settings: further parameters of the task, such as `tops` and `on_leak`.
    """
    try:
        resolved = CandidateSpace.from_dict({**space.get_dict(), "ions": ions.table.to_dict()})
    except ValueError as exception:
        return ExitCode(300, str(exception))
    parameters = {"space": resolved.to_dict(), "models": models.get_list()}
    if split is not None:
        parameters["split"] = split.get_dict()
    return {"parameters": orm.Dict({**({} if settings is None else settings.get_dict()), **parameters})}
