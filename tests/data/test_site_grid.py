"""Grid nodes: exact round trips through the store, counts for queries."""

import pytest
from aiida import orm
from ase.build import bulk

from aiida_gbml.data.site_grid import SiteGridData
from aiida_gbml.science.compounds.potential_surface.grid import GridError, GridSpec, SiteGrid

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.fixture(scope="module")
def grid() -> SiteGrid:
    return SiteGrid.of(bulk("Ni"), "H", GridSpec(spacing=0.7))


def test_a_stored_grid_is_the_same(grid: SiteGrid) -> None:
    node = orm.load_node(SiteGridData(grid).store().pk)
    assert node.content == node.grid.to_bytes() == grid.to_bytes()
    assert len(node) == len(grid)


def test_counts_are_attributes(grid: SiteGrid) -> None:
    attributes = SiteGridData.from_content(grid.to_bytes()).base.attributes.all
    assert attributes == {"n_points": len(grid), "n_grid": 64, "divisions": [4, 4, 4]}


def test_damaged_bytes_become_no_node(grid: SiteGrid) -> None:
    with pytest.raises(GridError):
        SiteGridData.from_content(grid.to_bytes()[:100])
