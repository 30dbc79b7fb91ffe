"""What counts as a setting, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiida import orm
from datasets import magnesia

from aiida_gbml.workflows.spectra.dataset_ports import plan_inputs, settings_of


def test_the_settings_are_what_changes_a_spectrum(spectra_dataset: Callable[..., Any]) -> None:
    """Codes, resources and limits are not among them."""
    site = spectra_dataset([magnesia()], overrides={"broadening": {"gaussian": 0.5}}).site._inputs(prune=True)
    assert set(settings_of(site)) == {
        *("cell", "polarisations", "alignment", "electronic_type", "kpoints_distance", "spectrum_kpoints_distance"),
        *("empirical_offset", "broadening", "pw_parameters", "xspectra_parameters"),
    }
    assert set(plan_inputs(site)) < set(settings_of(site))


def test_other_files_and_settings_of_the_program_count(spectra_dataset: Callable[..., Any]) -> None:
    site = spectra_dataset([magnesia()]).site._inputs(prune=True)
    site["pw"]["pw"]["settings"] = orm.Dict({"CMDLINE": ["-nosym"]})
    assert "pw_settings" in settings_of(site)
