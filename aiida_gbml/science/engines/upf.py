"""What is read from a pseudopotential file in the Unified Pseudopotential Format, versions 1 and 2.

A file is untrusted text: it is searched for the few sections that are needed and never given to an XML parser, so that
neither entities nor nesting can do harm, and the many files that are no valid XML can be read as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import trapezoid

from aiida_gbml.science.archive import Array

PSEUDO_TYPES = ("NC", "US", "PAW")
_TYPES = {"NC": "NC", "SL": "NC", "US": "US", "USPP": "US", "PAW": "PAW"}
_FUNCTIONALS = {
    "SLA PW PBX PBC": "PBE",
    "SLA PW PBE PBE": "PBE",
    "SLA PW PSX PSC": "PBESOL",
    "SLA PZ NOGX NOGC": "PZ",
}
_READ_BY_POSITION = ((1, 0), (2, 0), (2, 1), (3, 0))
_LARGEST_FILE = 50_000_000  # bytes: ten times the largest published file
_LARGEST_MESH = 100_000
_ELEMENT = re.compile(r"[A-Z][a-z]?")
_ATTRIBUTE = re.compile(r"""\b([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_LOST_EXPONENT = re.compile(r"(?<=\d)([+-]\d{3})(?=\s|$)")  # Fortran drops the E before three digits: 1.0-100
_PROGRAM = re.compile(r"Generated using [\"']?([^\s\"']+)[^\n]*")


class UpfError(ValueError):
    """The bytes are no pseudopotential that can be used here."""


@dataclass(frozen=True)
class CoreOrbital:
    """An all-electron orbital of the core.

    :param n: principal quantum number.
    :param l: angular momentum.
    :param values: (m,) r R(r) on the mesh of the file, bohr^-1/2.
    """

    n: int
    l: int  # noqa: E741 (the name that everybody uses)
    values: Array


@dataclass(frozen=True)
class Upf:
    """A pseudopotential file, as far as core-hole spectra need it.

    :param element: chemical symbol.
    :param pseudo_type: NC, US or PAW.
    :param functional: short name, such as PBE.
    :param z_valence: charge of the ion in elementary charges.
    :param l_max: largest angular momentum of a projector.
    :param generator: the line in which the generating program names itself.
    :param mesh: (m,) radii in bohr.
    :param projectors: angular momenta of the projectors, in their order.
    :param gipaw_projectors: angular momenta of the orbitals of the GIPAW reconstruction, in their order.
    :param core_orbitals: in the order of the file.
    :param cutoff_wfc: suggested cutoff of the wavefunctions in Ry, None when the file has none.
    :param cutoff_rho: suggested cutoff of the density in Ry, None when the file has none.
    :param overlaps: eigenvalues of the overlap operator ``1 + sum q_ij |i><j|`` of an ultrasoft set among its
        projectors, growing; empty for other sets and for files of version 1.
    """

    element: str
    pseudo_type: str
    functional: str
    z_valence: float
    l_max: int
    generator: str
    mesh: Array
    projectors: tuple[int, ...]
    gipaw_projectors: tuple[int, ...]
    core_orbitals: tuple[CoreOrbital, ...]
    cutoff_wfc: float | None
    cutoff_rho: float | None
    overlaps: tuple[float, ...] = ()

    @property
    def program(self) -> str:
        """The generating program without its version."""
        found = _PROGRAM.match(self.generator)
        return found[1] if found else self.generator


def read_upf(content: bytes) -> Upf:
    """Return what a file holds.

    :raises UpfError: when it is truncated, damaged, or of another format.
    """
    if len(content) > _LARGEST_FILE:
        raise UpfError(f"the file has {len(content)} bytes, more than any pseudopotential")
    text = content.decode("utf-8", errors="replace")
    if "<PP_HEADER" not in text:
        raise UpfError("the file has no section PP_HEADER: it is no UPF file of version 1 or 2")
    try:
        return _read_version_2(text) if re.search(r"<UPF\s+version\s*=\s*[\"']2", text) else _read_version_1(text)
    except UpfError:
        raise
    except (ValueError, IndexError, KeyError, OverflowError, np.linalg.LinAlgError) as exception:
        raise UpfError(f"the file is damaged ({type(exception).__name__}: {exception})") from exception


def core_orbitals_text(upf: Upf) -> str:
    """Return the core orbitals as the text that ``xspectra.x`` reads by position.

    It ignores the radii and the first line, skips whole orbitals, and wants 1s, 2s, 2p, 3s and any others on the mesh
    of the absorber's dataset.

    :raises UpfError: when there is no orbital, or one of the four before the last is missing.
    """
    have = [(orbital.n, orbital.l) for orbital in upf.core_orbitals]
    if not have:
        raise UpfError(f"the file for {upf.element} holds no core orbital: generate it with a GIPAW reconstruction")
    expected = list(_READ_BY_POSITION[: len(have)])
    if have[: len(expected)] != expected:
        raise UpfError(f"the core orbitals (n, l) of {upf.element} are {have}, xspectra.x needs {expected} first")
    lines = [f"# number of core states {len(have)} =  " + "".join("{} {};  ".format(*one) for one in have)]
    for orbital in upf.core_orbitals:
        lines += [f"{r:.12E} {f:.12E}" for r, f in zip(upf.mesh, orbital.values, strict=True)]
        lines.append("")
    return "\n".join(lines) + "\n"


def _read_version_2(text: str) -> Upf:
    """Return the content of a file whose sections carry attributes."""
    header = _attributes(_opening(text, "PP_HEADER"))
    mesh = _checked_mesh(_numbers(_section(text, "PP_R")), header.get("mesh_size", ""))
    generated = header.get("generated", "").replace("&quot;", '"')
    momenta = _momenta(re.findall(r"<PP_BETA\.\d+\b[^<>]*>", text), "angular_momentum")
    orbitals = [_attributes(tag) for tag in re.findall(r"<PP_GIPAW_CORE_ORBITAL\.\d+\b[^<>]*>", text)]
    return Upf(
        **_identity(header["element"], header["pseudo_type"], header["functional"]),
        z_valence=_charge(header["z_valence"]),
        l_max=int(header["l_max"]),
        generator=generated if _PROGRAM.match(generated) else _generator(text),
        mesh=mesh,
        projectors=tuple(momenta),
        gipaw_projectors=tuple(_momenta(re.findall(r"<PP_GIPAW_ORBITAL\.\d+\b[^<>]*>", text), "l")),
        core_orbitals=tuple(
            _orbital(
                int(float(one["n"])),
                int(float(one["l"])),
                _section(text, f"PP_GIPAW_CORE_ORBITAL.{index}"),
                len(mesh),
            )
            for index, one in enumerate(orbitals, start=1)
        ),
        cutoff_wfc=_cutoff(header.get("wfc_cutoff", "0")),
        cutoff_rho=_cutoff(header.get("rho_cutoff", "0")),
        overlaps=_overlaps(text, mesh, momenta) if header["pseudo_type"].strip() in ("US", "USPP") else (),
    )


def _read_version_1(text: str) -> Upf:
    """Return the content of a file whose header is a list of lines with the value first."""
    lines = [line for line in _section(text, "PP_HEADER").splitlines() if line.strip()]
    mesh = _checked_mesh(_numbers(_section(text, "PP_R")), lines[9].split()[0])
    wfc, rho = lines[7].split()[:2]
    cores = [section.strip().partition("\n") for section in _sections(text, "PP_GIPAW_CORE_ORBITAL")]
    return Upf(
        **_identity(lines[1].split()[0], lines[2].split()[0], lines[4].partition("Exchange")[0]),
        z_valence=_charge(lines[5].split()[0]),
        l_max=int(lines[8].split()[0]),
        generator=_generator(text),
        mesh=mesh,
        projectors=tuple(int(section.split()[1]) for section in _sections(text, "PP_BETA")),
        gipaw_projectors=tuple(int(section.split()[1]) for section in _sections(text, "PP_GIPAW_AE_ORBITAL")),
        core_orbitals=tuple(
            _orbital(int(first.split()[0]), int(first.split()[1]), rest, len(mesh)) for first, _, rest in cores
        ),
        cutoff_wfc=_cutoff(wfc),
        cutoff_rho=_cutoff(rho),
    )


def _overlaps(text: str, mesh: Array, momenta: list[int]) -> tuple[float, ...]:
    """Return the eigenvalues of the overlap operator in the space of the projectors.

    :param mesh: (m,) radii in bohr.
    :param momenta: angular momenta of the projectors; those of different ones are orthogonal.
    """
    count = len(momenta)
    charges = _numbers(_section(text, "PP_Q")).reshape(count, count)
    radial = np.array([_numbers(_section(text, f"PP_BETA.{index}")) for index in range(1, count + 1)])
    products = trapezoid(radial[:, None] * radial[None], mesh, axis=-1) * np.equal.outer(momenta, momenta)
    return tuple(sorted(float(value.real) for value in np.linalg.eigvals(np.eye(count) + charges @ products)))


def _identity(element: str, pseudo_type: str, functional: str) -> dict[str, Any]:
    """Return the checked names of a header."""
    if not _ELEMENT.fullmatch(element.strip()):
        raise UpfError(f"the file names the element '{element.strip()[:20]}', which is none")
    if pseudo_type.strip() not in _TYPES:
        raise UpfError(f"the file is of the type '{pseudo_type.strip()[:20]}', known are {', '.join(_TYPES)}")
    words = functional.upper().replace("-", " ").replace("+", " ").split()
    name = _FUNCTIONALS.get(" ".join(words[:4]), " ".join(words))
    return {"element": element.strip(), "pseudo_type": _TYPES[pseudo_type.strip()], "functional": name[:40]}


def _generator(text: str) -> str:
    """Return the line in which the generating program names itself, without the blanks at its end."""
    found = _PROGRAM.search(text[:20_000].replace("&quot;", '"'))
    return found[0].strip() if found else ""


def _opening(text: str, name: str) -> str:
    """Return the first opening tag of a section."""
    begin = text.index(f"<{name}")
    return text[begin : text.index(">", begin)]


def _section(text: str, name: str) -> str:
    """Return the content of the first section of a name."""
    found = next(iter(_sections(text, name)), None)
    if found is None:
        raise UpfError(f"the file has no complete section {name}")
    return found


def _sections(text: str, name: str) -> list[str]:
    """Return the contents of all sections of a name, none of which is in another: no character is read twice."""
    opening, closing, contents = re.compile(rf"<{re.escape(name)}(?:\s[^<>]*)?>"), f"</{name}>", []
    end = 0
    while found := opening.search(text, end):
        end = text.find(closing, found.end())
        if end < 0:
            raise UpfError(f"the section {name} of the file does not end")
        contents.append(text[found.end() : end])
    return contents


def _attributes(tag: str) -> Mapping[str, str]:
    """Return the attributes of an opening tag."""
    return {name: double or single for name, double, single in _ATTRIBUTE.findall(tag)}


def _momenta(tags: list[str], name: str) -> list[int]:
    """Return the angular momenta in the tags, which ``ld1.x`` writes as whole or as real numbers."""
    return [int(float(_attributes(tag)[name])) for tag in tags]


def _numbers(text: str) -> Array:
    """Return the numbers of a section."""
    values = np.array(_LOST_EXPONENT.sub(r"E\1", text.replace("D", "E")).split(), dtype=float)
    if not np.all(np.isfinite(values)):
        raise UpfError("the file holds numbers that are not finite")
    return values


def _checked_mesh(mesh: Array, size: str) -> Array:
    """Return a mesh after a look at it."""
    if not 2 <= len(mesh) <= _LARGEST_MESH or (size.strip() and int(size) != len(mesh)):
        raise UpfError(f"the mesh has {len(mesh)} radii, the header says {size.strip()[:20] or 'nothing'}")
    if mesh[0] < 0 or np.any(np.diff(mesh) <= 0):
        raise UpfError("the radii of the mesh do not grow")
    return mesh


def _orbital(n: int, l: int, text: str, size: int) -> CoreOrbital:  # noqa: E741
    """Return a core orbital after a look at its quantum numbers and length."""
    values = _numbers(text)
    if not 0 <= l < n <= 7 or len(values) != size:
        raise UpfError(f"core orbital n={n} l={l} has {len(values)} values on a mesh of {size}")
    return CoreOrbital(n, l, values)


def _charge(text: str) -> float:
    """Return the charge of the ion."""
    charge = float(text)
    if not 0 < charge < 150:
        raise UpfError(f"the charge of the ion is {charge:g}")
    return charge


def _cutoff(text: str) -> float | None:
    """Return a suggested cutoff in Ry, None for the 0 of those who suggest none."""
    value = float(text)
    return value if 0 < value < 1e5 else None
