"""From a file to a structure, so that the file stays in the provenance."""

import io

import pytest
from aiida import orm
from ase.build import bulk
from ase.io import write

from aiida_gbml.calculations.read_crystal import read_crystal

pytestmark = pytest.mark.usefixtures("aiida_profile")


def stored(content: bytes, name: str = "copper.cif") -> orm.SinglefileData:
    return orm.SinglefileData(io.BytesIO(content), filename=name)


@pytest.fixture
def cif() -> bytes:
    buffer = io.BytesIO()
    write(buffer, bulk("Cu", a=3.615), format="cif")
    return buffer.getvalue()


def test_the_structure_leads_back_to_its_file(cif):
    file = stored(cif)
    structure = read_crystal(file)["structure"]
    assert structure.creator.inputs.file.uuid == file.uuid
    assert structure.get_ase().get_volume() == pytest.approx(3.615**3 / 4, rel=1e-5)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda _: b"data_\n_cell_length_a nonsense\n", "'copper.cif' is no readable structure"),
        (lambda text: text.replace(b"1.0000", b"0.5000"), "'copper.cif' has partly occupied sites"),
        (lambda _: b"\xff\xfe", "'copper.cif' is no text in UTF-8"),
        (lambda _: b"", "'copper.cif' is no readable structure"),
    ],
)
def test_what_is_no_crystal_ends_with_a_sentence(cif, damage, message):
    _, node = read_crystal.run_get_node(stored(damage(cif)))
    assert node.exit_status == 201
    assert message in node.exit_message
    assert "\n" not in node.exit_message


def test_other_formats_are_told_by_their_name():
    buffer = io.StringIO()
    write(buffer, bulk("Fe", a=2.855), format="vasp")
    structure = read_crystal(stored(buffer.getvalue().encode(), "POSCAR"))["structure"]
    assert structure.get_kind_names() == ["Fe"]
