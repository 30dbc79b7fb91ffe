"""Judge models of a property of compounds: one JSON line.

The file has either a column `structure` (a pymatgen structure as a Python literal) or one of formulas. What is
predicted is `--target`, else a column of a usual name, else the last one that holds numbers; the line tells which.
Nothing but structure, formula and target is read: relaxed forces, coordination numbers or energies above the hull that
come with the data are results of the calculation that made the target.

With `--test` the model learns the first file and is tested by the second; how many of its compounds are of a chemical
system of the first is told. Without it the figures are of grouped five-fold validation: compounds of one chemical
system are in one fold. All that is learned, intervals included, is learned without the tested rows. Beside it, on the
same folds, stand a random forest and kernel ridge regression on matminer's magpie features of the composition;
`--magpie-python` names an interpreter that has matminer when this one has not. Without any they see the package's own
descriptors of compositions.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # CPU time is that of one core

import argparse
import csv
import io
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.descriptors.compounds import Compounds
from aiida_gbml.science.compounds.descriptors.spec import DescriptorSpec
from aiida_gbml.science.compounds.objective import LINEAR, LOG10
from aiida_gbml.science.compounds.property_models.property_model import PropertyModel
from aiida_gbml.science.compounds.property_models.validation import figures, validate
from aiida_gbml.science.compounds.property_table import Columns, long_cells, read_table
from aiida_gbml.science.learning.splits import GROUPED, Folds, grouped_folds
from aiida_gbml.science.structure_set import concatenate

TARGETS = ("formation_energy_per_atom", "target")
FORMULAS = ("formula", "composition", "reduced_formula", "pretty_formula", "formula_pretty")
STRUCTURE = "structure"
N_LOOKED_AT = 100  # rows, to find a column of numbers
TREES = 300
MAGPIE = """
import json, sys, warnings
warnings.simplefilter("ignore")
from matminer.featurizers.composition import ElementProperty
from pymatgen.core import Composition
preset = ElementProperty.from_preset("magpie", impute_nan=True)
rows = [preset.featurize(Composition(formula)) for formula in json.load(sys.stdin)]
json.dump([[float(value) for value in row] for row in rows], sys.stdout)
"""


@dataclass(frozen=True)
class Data:
    """What a file holds: compounds, each once, their targets in the unit of the file, and how many rows were left out.

    Rows of one composition are one compound with their median; of equal structures the first is kept.
    """

    target: str
    compounds: Compounds
    targets: Array
    n_rejected: int
    n_repeated: int

    @property
    def formulas(self) -> list[str]:
        """Formula of each compound with as many digits as matminer needs."""
        symbols = np.array(SYMBOLS)
        return [
            "".join(f"{symbols[number]}{row[number]:.8f}" for number in np.flatnonzero(row))
            for row in self.compounds.fractions
        ]


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--train", type=Path, required=True)
    options.add_argument("--test", type=Path)
    options.add_argument("--target", help=f"column to predict; {', '.join(TARGETS)} or the last of numbers by default")
    options.add_argument("--scale", choices=("linear", "log10"), help="log10 for positive targets of many magnitudes")
    options.add_argument("--model", default="ensemble")
    options.add_argument("--descriptors", help="name of a preset")
    options.add_argument("--folds", type=int, default=5)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--magpie-python", default=sys.executable, help="interpreter that has matminer")
    options.add_argument("--no-baseline", action="store_true")
    return options


def columns_of(text: str, target: str | None) -> Columns:
    """Return which columns of a table are read."""
    with long_cells():
        reader = csv.DictReader(io.StringIO(text, newline=""))
        rows, header = list(islice(reader, N_LOOKED_AT)), reader.fieldnames or []
    formula = next((name for name in header if name.lower() in FORMULAS), FORMULAS[0])
    numbers = [name for name in header if any(is_number(row[name]) for row in rows)]
    usual = [name for name in TARGETS if name in header] or numbers[-1:] or TARGETS[:1]
    return Columns(target or usual[0], formula, STRUCTURE if STRUCTURE in header else None)


def is_number(text: str | None) -> bool:
    """Return whether a cell holds a finite number."""
    try:
        return isfinite(float(text or "nan"))
    except ValueError:
        return False


def read(path: Path, target: str | None) -> Data:
    """Return the content of a file; of a structure nothing but the geometry is taken."""
    text = path.read_text(encoding="utf-8-sig")
    columns = columns_of(text, target)
    table = read_table(text, columns)
    if isinstance(table.compounds, CompositionSet):
        compounds = Compounds.of_compositions(table.compounds.numbers, table.compounds.coefficients)
    else:
        compounds = Compounds.of_structures(table.compounds)
    if table.targets is None:
        raise SystemExit(f"'{path}' has no column to learn")
    repeated = sum(table.repeated.values()) - len(table.repeated)
    return Data(str(columns.target), compounds, table.targets.target, len(table.rejected), repeated)


def joined(train: Data, test: Data) -> Data:
    """Return the rows of both, the training set first."""
    parts = (train.compounds, test.compounds)
    structures = [part.structures for part in parts if part.structures is not None]
    if len(structures) == len(parts):
        both = Compounds.of_structures(concatenate(structures))
    else:
        shift = parts[0].offsets[-1]
        both = Compounds(
            np.concatenate([parts[0].offsets, parts[1].offsets[1:] + shift]),
            np.concatenate([part.numbers for part in parts]),
            np.concatenate([part.weights for part in parts]),
        )
    targets = np.concatenate([train.targets, test.targets])
    return Data(train.target, both, targets, train.n_rejected + test.n_rejected, train.n_repeated + test.n_repeated)


def magpie(formulas: list[str], python: str) -> Array | None:
    """Return the (n, 132) magpie features of formulas; none when no interpreter has matminer."""
    if python == sys.executable and find_spec("matminer") is None:
        return None
    done = subprocess.run(
        [python, "-c", MAGPIE], input=json.dumps(formulas), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ValueError(f"'{python}' gave no magpie features: {done.stderr.strip().splitlines()[-1]}")
    return np.array(json.loads(done.stdout))


def baselines(name: str, values: Array, targets: Array, folds: Folds, seed: int) -> dict[str, dict[str, float]]:
    """Return the errors of a random forest and of kernel ridge regression on the same folds.

    :param name: of the features.
    """
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    grid = {
        "kernelridge__gamma": [gamma / values.shape[1] for gamma in (0.03, 0.1, 0.3)],
        "kernelridge__alpha": [1e-4, 1e-3, 1e-2, 1e-1],
    }
    ridge = GridSearchCV(make_pipeline(StandardScaler(), KernelRidge(kernel="rbf")), grid, cv=3)
    forest = RandomForestRegressor(TREES, max_features=1 / 3, random_state=seed)
    result = {}
    for kind, model in (("random_forest", forest), ("kernel_ridge", ridge)):
        errors = []
        for learnt, tested in folds:
            shift = targets[learnt].mean()
            said = model.fit(values[learnt], targets[learnt] - shift).predict(values[tested]) + shift
            errors.append(said - targets[tested])
        result[f"{name}_{kind}"] = score(np.concatenate(errors))
    return result


def score(errors: Array) -> dict[str, float]:
    """Return the root of the mean square and the mean of the absolute errors."""
    return {"rmse": round(float(np.sqrt(np.mean(errors**2))), 5), "mae": round(float(np.mean(np.abs(errors))), 5)}


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    train = read(arguments.train, arguments.target)
    data = joined(train, read(arguments.test, train.target)) if arguments.test else train
    kind = "structure" if data.compounds.structures is not None else "composition"
    positive = bool(np.all(data.targets > 0))
    spans = positive and train.targets.max() > 100 * train.targets.min()
    scale = arguments.scale or (LOG10 if spans else LINEAR)
    spec = DescriptorSpec.preset(arguments.descriptors or kind)
    settings = {} if arguments.seed == 0 else {"seed": arguments.seed}
    model = PropertyModel(spec, arguments.model, settings, scale, train.target)
    groups = data.compounds.systems
    if arguments.test:
        tested = np.arange(len(data.targets)) >= len(train.targets)
        folds = Folds(GROUPED, np.where(tested, 0, -1))
    else:
        folds = grouped_folds(groups, arguments.folds, arguments.seed)
    begun = time.process_time()
    values = spec.describe(data.compounds).values
    described = time.process_time() - begun
    validation = validate(model, values, data.targets, groups, folds)
    found = figures(model, validation, float(model.modelled(train.targets).mean()))
    record: dict[str, Any] = {
        "rmse": round(found["rmse"], 5),
        "mae": round(found["mae"], 5),
        "coverage_90": round(found["coverage"], 4),
        "baseline_rmse": None,
        "median_ae": round(found["median_ae"], 5),
        "r2": round(found["r2"], 4),
        "mean_width": round(found["mean_width"], 4),
        "rmse_by_fold": [round(value, 4) for value in found["rmse_by_fold"]],
        "rmse_of_mean": round(found["rmse_of_mean"], 4),
        "target": train.target,
        "model": model.kind,
        "descriptors": arguments.descriptors or kind,
        "scale": scale,
        "n": len(train.targets),
        "n_tested": len(validation.rows),
        "n_systems": len(np.unique(groups)),
        "n_tested_of_learnt_systems": sum(
            int(np.isin(groups[tested], groups[learnt]).sum()) for learnt, tested in folds
        ),
        "n_rejected": data.n_rejected,
        "n_repeated": data.n_repeated,
        "n_descriptors": values.shape[1],
        "seed": arguments.seed,
        "describe_s": round(described, 1),
        "cpu_s": round(time.process_time() - begun, 1),
    }
    if not arguments.no_baseline:
        name, features = "magpie", magpie(data.formulas, arguments.magpie_python)
        if features is None:
            name, features = "composition", DescriptorSpec.preset("composition").describe(data.compounds).values
        known = baselines(name, features, model.modelled(data.targets), folds, arguments.seed)
        record |= known
        record["baseline_rmse"] = min(one["rmse"] for one in known.values())
    return record


def main() -> None:
    """Print the figures, or what is wrong in one sentence."""
    arguments = parser().parse_args()
    try:
        print(json.dumps(measure(arguments)))
    except (ValueError, OSError, csv.Error) as exception:
        raise SystemExit(f"{Path(sys.argv[0]).name}: {exception}") from exception


if __name__ == "__main__":
    main()
