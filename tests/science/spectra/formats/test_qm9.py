"""Tests of aiida_gbml.science.spectra.formats.qm9."""

import h5py
import numpy as np
import pytest

from aiida_gbml.science.spectra.formats.qm9 import (
    GROUP_OF_SPECTRA,
    SiteLines,
    broadened,
    molecule_lines,
    read_qm9,
    sampling,
    write_qm9,
)
from aiida_gbml.science.spectra.formats.spectrum import FormatError
from aiida_gbml.science.spectra.table import table_from_rows

LEVELS = 40


@pytest.fixture
def sites():
    generator = np.random.default_rng(3)
    return [
        SiteLines(
            molecule=molecule,
            site=str(site),
            eigenvalues=np.sort(generator.uniform(-20, 12, LEVELS)),
            dsf=generator.random((LEVELS, 3)),
            n_electron=int(generator.integers(17, 24)),
            multiplicity=int(generator.integers(1, 5)),
            excitation_energy=generator.normal(290, 2),
            final_energy_gs=-1000.0,
            final_energy_ex=-710.0,
        )
        for molecule, site in (("12", 0), ("12", 3), ("12", 4), ("7", 0))
    ]


@pytest.fixture
def path(sites, tmp_path):
    path = tmp_path / "site_eigen_dsf.hdf5"
    write_qm9(path, sites)
    return path


def published(path, molecule, grid, deviation):
    """Return the spectrum of a molecule by the published recipe, straight from the file and point by point.

    e0 is the eigenvalue (n_electron - 1)//2; states from e0 on are counted from it and moved by the excitation energy;
    sites weigh with their multiplicity, divided by its sum; Gaussians of a standard deviation, twice for the spin;
    columns mean, x, y, z.
    """
    result = np.zeros((len(grid), 4))
    with h5py.File(path) as file:
        atoms = sum(group.attrs["multiplicity"] for group in file[molecule].values())
        for group in file[molecule].values():
            told, levels = group.attrs, group["eigenvalues"][()]
            e0 = levels[(told["n_electron"] - 1) // 2]
            for level, strengths in zip(levels, group["dsf"][()], strict=True):
                if level < e0:
                    continue
                center = level - e0 + told["excitation_energy"]
                for at, energy in enumerate(grid):
                    height = np.exp(-((energy - center) ** 2) / (2 * deviation**2)) / (deviation * (2 * np.pi) ** 0.5)
                    for axis in range(3):
                        value = 2 * height * strengths[axis] * told["multiplicity"] / atoms
                        result[at, 1 + axis] += value
                        result[at, 0] += value / 3
    return result


@pytest.mark.parametrize("deviation", [0.3, 0.5])
@pytest.mark.parametrize("molecule", ["12", "7"])
def test_the_published_spectra_are_reproduced(path, molecule, deviation):
    grid = np.linspace(288, 310, 256)
    own = [site for site in read_qm9(path) if site.molecule == molecule]
    spectra = broadened(molecule_lines(own), grid, deviation)
    assert spectra.shape == (256, 4)
    assert np.abs(spectra - published(path, molecule, grid, deviation)).max() < 1e-6
    assert spectra.max() > 0.1


def test_the_area_is_twice_the_strength():
    lines = np.array([290.0, 295.0]), np.array([[1.0, 2.0, 6.0], [0.0, 1.0, 0.0]])
    grid = np.arange(270, 320, 0.01)
    assert np.trapezoid(broadened(lines, grid), grid, axis=0) == pytest.approx([20 / 3, 2, 6, 12], rel=1e-9)


def test_lines_are_sorted_over_the_sites(sites):
    energies, strengths = molecule_lines(sites[:3])
    assert np.all(np.diff(energies) >= 0)
    assert energies[0] == pytest.approx(min(site.excitation_energy for site in sites[:3]))
    assert strengths.shape == (len(energies), 3)


def test_the_grid_of_the_command_line():
    grid = sampling(np.array([290.4, 300.2]))
    assert grid[0] == 287
    assert grid[-1] == pytest.approx(303.9)


def test_lines_survive_the_file(sites, path):
    again = {(site.molecule, site.site): site for site in read_qm9(path)}
    assert len(again) == 4
    for site in sites:
        other = again[site.molecule, site.site]
        assert np.array_equal(site.eigenvalues, other.eigenvalues)
        assert np.array_equal(site.dsf, other.dsf)
        for name in ("n_electron", "multiplicity", "excitation_energy", "final_energy_gs", "final_energy_ex"):
            assert getattr(site, name) == getattr(other, name)


def a_row(energy, **columns):
    intensity = np.exp(-((energy - 291) ** 2))
    return {"element": "C", "edge": "K", "energy": energy, "intensity": intensity, "treatment": "full", **columns}


def test_spectra_without_lines_stand_beside_and_say_so(sites, tmp_path):
    energy = np.arange(2850, 2990) / 10
    rows = [a_row(energy, structure_label="methane", site=0, multiplicity=1, transition_energy=291.8)]
    rows += [a_row(energy, structure_uuid="a-b", site=2), {"element": "C", "edge": "K", "reason": "lost", "site": 5}]
    path = tmp_path / "a.h5"
    write_qm9(path, sites, [table_from_rows(rows, 0.1)])
    with h5py.File(path) as file:
        assert sorted(file) == ["12", "7", GROUP_OF_SPECTRA]
        assert "continued fractions" in file[GROUP_OF_SPECTRA].attrs["note"]
        assert sorted(file[GROUP_OF_SPECTRA]) == ["a-b", "methane"]
        group = file[GROUP_OF_SPECTRA]["methane/0"]
        assert group.attrs["excitation_energy"] == 291.8
        assert np.allclose(group["energies"][()] + 291.8, energy)
        assert np.allclose(group["spectrum"][:, 0], np.exp(-((energy - 291) ** 2)))
        assert np.allclose(file[GROUP_OF_SPECTRA]["a-b/2/energies"][()], energy)
    assert len(read_qm9(path)) == 4


def test_nothing_is_taken_off_energies_that_count_from_a_level(tmp_path):
    row = a_row(np.arange(0, 30) / 10, structure_label="m", site=0, transition_energy=291.8, alignment="fermi")
    write_qm9(tmp_path / "a.h5", tables=[table_from_rows([row], 0.1)])
    with h5py.File(tmp_path / "a.h5") as file:
        assert file[GROUP_OF_SPECTRA]["m/0/energies"][0] == 0.0


def test_treatments_of_one_site_have_their_own_names(tmp_path):
    energy = np.arange(2850, 2990) / 10
    rows = [a_row(energy, structure_label="m", site=0, treatment=treatment) for treatment in ("none", "full")]
    write_qm9(tmp_path / "a.h5", tables=[table_from_rows(rows, 0.1)])
    with h5py.File(tmp_path / "a.h5") as file:
        assert sorted(file[GROUP_OF_SPECTRA]["m"]) == ["0_full", "0_none"]
    with pytest.raises(FormatError, match="no '<molecule>/<site>'"):
        read_qm9(tmp_path / "a.h5")
    with pytest.raises(FormatError, match="is there twice"):
        write_qm9(tmp_path / "b.h5", tables=[table_from_rows(rows[:1] * 2, 0.1)])
    with pytest.raises(FormatError, match="names without"):
        write_qm9(tmp_path / "c.h5", tables=[table_from_rows([a_row(energy, site=0)], 0.1)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dsf": np.ones((3, 3))}, "dsf"),
        ({"n_electron": 0}, "electrons do not fit"),
        ({"n_electron": 99}, "electrons do not fit"),
        ({"multiplicity": 0}, "must be finite"),
        ({"eigenvalues": np.array([0.0, np.nan])}, "must be finite"),
    ],
)
def test_lines_that_are_none_are_refused(change, message):
    good = {"eigenvalues": np.arange(2.0), "dsf": np.ones((2, 3)), "n_electron": 3, "multiplicity": 1}
    with pytest.raises(FormatError, match=message):
        SiteLines("1", "0", **{**good, **change}, excitation_energy=290.0)


def test_a_molecule_without_sites_is_refused():
    with pytest.raises(FormatError, match="without sites"):
        molecule_lines([])
