"""JSON: lists of formulas or records, entries as pymatgen writes them, and OPTIMADE responses.

Nothing that a document names is ever imported or run: classes are looked up by name in a closed list, and only their
amounts are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aiida_gbml.science.compounds.composition import FormulaError
from aiida_gbml.science.compounds.readers.options import ReaderError, ReadOptions
from aiida_gbml.science.compounds.readers.rows import (
    AGE_COLUMNS,
    FORMULA_COLUMNS,
    ID_COLUMNS,
    RawRow,
    RawSource,
    amounts_row,
    named,
    text_of,
)

ENTRY_CLASSES = frozenset(
    {"ComputedEntry", "ComputedStructureEntry", "GibbsComputedStructureEntry", "PDEntry", "ExpEntry", "Composition"}
)
"""Classes of pymatgen whose composition is read."""

_LISTS = ("formulas", "compositions", "entries", "records", "structures", "data")
_NOT_AN_ENTRY = "'{name}' is none of the classes that are read: {known}"


def read_document(content: bytes, options: ReadOptions) -> RawSource:
    """Return the rows of a JSON document.

    :raises ReaderError: when the bytes are no such document.
    """
    try:
        document = json.loads(content.decode("utf-8-sig"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as exception:
        reason = " ".join(str(exception).split())[:200]
        raise ReaderError(f"the file is not readable as JSON: {reason}") from exception
    pages = document if isinstance(document, list) else [document]
    if pages and all(_is_response(page) for page in pages):
        return _responses(pages, options)
    items = document if isinstance(document, list) else _listed(document)
    known = {str(name): None for item in items if isinstance(item, Mapping) and "@class" not in item for name in item}
    columns = Columns.of(known, options) if known else Columns(None, None, None)
    return RawSource((_row(item, columns) for item in items), columns.age is not None)


class Columns:
    """Names of the parts of a record."""

    def __init__(self, formula: str | None, name: str | None, age: str | None) -> None:
        self.formula, self.name, self.age = formula, name, age

    @classmethod
    def of(cls, known: Mapping[str, Any], options: ReadOptions) -> Columns:
        """Return those of records with some names.

        :raises ReaderError: when none of them is the formula.
        """
        formula = named(options.column, known, FORMULA_COLUMNS, "formulas")
        if formula is None:
            raise ReaderError(
                f"no part of the records is called 'formula' or alike (there are {', '.join(known)[:300]}): "
                "name it with --column"
            )
        return cls(
            formula,
            named(options.id_column, known, ID_COLUMNS, "identifiers"),
            named(options.age_column, known, AGE_COLUMNS, "ages"),
        )


def _listed(document: Any) -> list[Any]:
    """Return the list that a document consists of."""
    if isinstance(document, Mapping):
        for name in _LISTS:
            if isinstance(document.get(name), list):
                items: list[Any] = document[name]
                return items
    raise ReaderError(
        f"the JSON document is a {type(document).__name__}, expected a list of formulas, records or entries, or an "
        "OPTIMADE response"
    )


def _row(item: Any, columns: Columns) -> RawRow:
    """Return the row of one item of a list."""
    if isinstance(item, Mapping) and "@class" in item:
        return _entry(item)
    if not isinstance(item, Mapping):
        return _formula(item)
    rest = {"id": text_of(item.get(columns.name)), "age": text_of(item.get(columns.age))}
    return _formula(item.get(columns.formula), **rest)


def _formula(value: Any, **rest: Any) -> RawRow:
    """Return the row of a formula, or of amounts by element."""
    if isinstance(value, Mapping):
        return amounts_row({name: amount for name, amount in value.items() if not str(name).startswith("@")}, **rest)
    if isinstance(value, str):
        return RawRow(value, **rest)
    problem = FormulaError("unreadable", f"{str(value)[:80]!r} is no formula")
    return RawRow(str(value), **{**rest, "problem": problem})


def _entry(item: Mapping[str, Any]) -> RawRow:
    """Return the row of an object as pymatgen writes it."""
    name = item["@class"]
    identifier = text_of(item.get("entry_id") or item.get("name"))
    if not isinstance(name, str) or name not in ENTRY_CLASSES:
        reason = _NOT_AN_ENTRY.format(name=str(name)[:80], known=", ".join(sorted(ENTRY_CLASSES)))
        return RawRow(str(name), identifier, problem=FormulaError("unreadable", reason))
    if (site := _disordered_site(item.get("structure"))) is not None:
        problem = FormulaError("disorder", f"site {site} of the structure of '{identifier}' is not fully one element")
        return RawRow(str(item.get("composition")), identifier, problem=problem)
    amounts = item if name == "Composition" else item.get("composition")
    return _formula(amounts, id=identifier)


def _disordered_site(structure: Any) -> int | None:
    """Return the number of the first site with several elements or a part of one, if there is one."""
    sites = structure.get("sites") if isinstance(structure, Mapping) else None
    for number, site in enumerate(sites if isinstance(sites, list) else ()):
        species = site.get("species") if isinstance(site, Mapping) else None
        if isinstance(species, list) and not _is_whole(species):
            return number
    return None


def _is_whole(species: list[Any]) -> bool:
    return len(species) == 1 and isinstance(species[0], Mapping) and species[0].get("occu", 1) == 1


def _is_response(page: Any) -> bool:
    """Return whether a document is a response of an OPTIMADE server with structures."""
    data = page.get("data") if isinstance(page, Mapping) else None
    return isinstance(data, list) and "meta" in page


def _responses(pages: list[Mapping[str, Any]], options: ReadOptions) -> RawSource:
    """Return the rows of OPTIMADE responses, which are the pages of one query."""
    column = options.column or "chemical_formula_reduced"
    providers = {text_of(_part(page, "meta", "provider", "name")) for page in pages}
    licences = {_licence(page) for page in pages}
    rows = _structures(pages, column, options.age_column)
    return RawSource(
        rows,
        options.age_column is not None,
        " and ".join(sorted(filter(None, providers))),
        " and ".join(sorted(filter(None, licences))),
    )


def _structures(pages: list[Mapping[str, Any]], column: str, age_column: str | None) -> Iterator[RawRow]:
    for page in pages:
        for structure in page["data"]:
            attributes = _part(structure, "attributes")
            if not isinstance(attributes, Mapping):
                yield _formula(None)
                continue
            rest = {
                "id": text_of(structure.get("id")),
                "age": text_of(attributes.get(age_column)) if age_column else "",
            }
            features = attributes.get("structure_features")
            row = _formula(attributes.get(column), **rest)
            if isinstance(features, list) and "disorder" in features:
                problem = FormulaError("disorder", f"the structure '{row.id}' is disordered, as its source says")
                row = row._replace(problem=problem)
            yield row


def _licence(page: Mapping[str, Any]) -> str:
    """Return the licence that a response names."""
    places = (("meta",), ("meta", "provider"), ("meta", "implementation"), ("links",))
    for place in places:
        for name in ("license", "licence", "data_license"):
            found = _part(page, *place, name)
            found = found.get("href") if isinstance(found, Mapping) else found
            if isinstance(found, str) and found:
                return found
    return ""


def _part(document: Any, *names: str) -> Any:
    """Return a part of nested objects, nothing where there is none."""
    for name in names:
        document = document.get(name) if isinstance(document, Mapping) else None
    return document
