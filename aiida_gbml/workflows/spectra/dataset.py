"""The spectra of every site of many structures, as rows of one dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from aiida import orm
from aiida.engine import ExitCode, while_
from aiida.engine.processes.workchains.workchain import WorkChainSpec

from aiida_gbml.calculations.collect_spectra import collect_spectra
from aiida_gbml.calculations.identify_settings import identify_settings
from aiida_gbml.calculations.merge_spectra import merge_spectra
from aiida_gbml.calculations.plan_absorption import plan_absorption
from aiida_gbml.calculations.select_sites import select_sites
from aiida_gbml.calculations.unpack_core_hole_pair import unpack_core_hole_pair
from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.data.spectra_dataset import SpectraDatasetData
from aiida_gbml.science.spectra.identity import Row, known_rows
from aiida_gbml.workflows.evaluation.failure import failure_of
from aiida_gbml.workflows.evaluation.pw_base import PwRestartWorkChain
from aiida_gbml.workflows.fan_out import FanOut, Launch
from aiida_gbml.workflows.levels import MERGE_LIMIT, merge_in_levels
from aiida_gbml.workflows.spectra import dataset_ports
from aiida_gbml.workflows.spectra.dataset_protocol import DatasetProtocol
from aiida_gbml.workflows.spectra.spectrum import CoreHoleSpectrumWorkChain
from aiida_gbml.workflows.spectra.view import spectra_of

STRUCTURES_AT_ONCE = 2
"""Structures whose sites are selected in one step, which thus takes about a second of the daemon's time."""

Site = Mapping[str, Any]
"""A site as :func:`select_sites` describes it."""


class SpectraDatasetWorkChain(DatasetProtocol, FanOut):
    """Compute the spectra of every inequivalent site of many structures; one that fails is a row with its reason.

    The sites of a structure share its ground state, in which each has a kind of its own. What an earlier dataset
    holds, computed from the same structure under the same settings, is not computed again.
    """

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        """Declare ports, outline and exit codes."""
        super().define(spec)
        dataset_ports.define_inputs(spec)
        dataset_ports.define_outputs(spec)
        spec.outline(
            cls.setup,
            while_(cls.should_select)(cls.select_part),
            while_(cls.should_compute)(cls.compute_sites),
            while_(cls.should_collect)(cls.collect_part),
            cls.results,
        )

    def setup(self) -> None:
        """Begin with no structure looked at, and know the settings by their keys."""
        self.ctx.update({"sites": [], "reasons": {}, "n_parts": 0})
        pairs = {
            f"pair_{element}_{hole}": pair
            for element, holes in self.inputs.pairs.items()
            for hole, pair in holes.items()
        }
        pseudos = {f"pseudo_{element}": pseudo for element, pseudo in self.inputs.get("pseudos", {}).items()}
        shared = {f"setting_{name}": node for name, node in dataset_ports.settings_of(self.inputs.site).items()}
        self.ctx.settings = self.call_once("identify", identify_settings, **pairs, **pseudos, **shared)["settings"]

    # Sites

    def should_select(self) -> bool:
        """Go on until every structure has been looked at."""
        return len(self.ctx.sites) < len(self.inputs.structures)

    def select_part(self) -> None:
        """Find the sites of the next structures, and plan the ground states that their sites share."""
        first = len(self.ctx.sites)
        for row in range(first, min(first + STRUCTURES_AT_ONCE, len(self.inputs.structures))):
            given = {name: self.inputs[name] for name in ("structures", "edges", "treatments")}
            own = {"row": orm.Int(row), "cell": self.inputs.site.cell, "settings": self.ctx.settings}
            selected = self.call_once(f"select_{row:05d}", select_sites, **given, **own)
            reason = selected["sites"]["reason"] or self._plan(row, selected)
            if reason:
                self.ctx.reasons[str(row)] = reason
                self.report(f"structure {row} cannot be computed: {reason}")
            self.ctx.sites.append(selected["sites"])

    def _plan(self, row: int, selected: Mapping[str, Any]) -> str | None:
        """Plan the ground states of a structure, or return why there is none."""
        for group, site in self._groups(row, selected["sites"]).items():
            pseudos = self._pseudos_of(selected["structure"], but=site["element"])
            planned = self.call_once(
                f"plan_{row:05d}_{group}",
                plan_absorption,
                structure=selected["structure"],
                site=orm.Int(site["site"]),
                edge=orm.Str(site["edge"]),
                treatments=orm.List(["none"]),
                ground_state=selected[f"cell_{group}"],
                pair=self._pair(site["element"]),
                pw_parameters=self.inputs.site.pw.pw.parameters,
                **dataset_ports.plan_inputs(self.inputs.site),
                **pseudos,
            )
            if isinstance(planned, ExitCode):
                return str(planned.message)
        return None

    # Ground states and spectra

    def should_compute(self) -> bool:
        """Go on until every ground state and every site has been tried, and keep how far that is."""
        total = sum(1 for _ in self._all_wanted())
        waiting = self.unfinished(site["label"] for _, site in self._all_wanted())
        self.ctx.progress = [total - len(waiting), total]
        return bool(self.unfinished(self._labels()))

    def compute_sites(self) -> None:
        """Launch what may run at a time, sites before further ground states, and wait until any of it is done."""
        self.fan_out(self._labels(), self._build, self.inputs.max_concurrent.value)

    def _labels(self) -> list[str]:
        """Return the labels of the sites whose ground state is there, and of all ground states."""
        rows = self._query_calls([orm.WorkChainNode], ["attributes.exit_status"], "ground_")
        ready = {label for status, label in rows if status == 0}
        sites, grounds = [], []
        for row, node in enumerate(self.ctx.sites):
            if str(row) not in self.ctx.reasons:
                grounds += [f"ground_{row:05d}_{group}" for group in self._groups(row, node)]
                sites += [site["label"] for site in self._wanted(node) if f"ground_{row:05d}_{site['group']}" in ready]
        return sites + grounds

    def _build(self, label: str) -> Launch:
        """Return the work chain and the inputs of a ground state or a site."""
        kind, row, rest = label.split("_", maxsplit=2)
        selected = self.children(f"select_{row}")[f"select_{row}"].outputs
        if kind == "ground":
            planned = self.children(f"plan_{row}_{rest}")[f"plan_{row}_{rest}"].outputs
            return self._ground(selected[f"cell_{rest}"], planned)
        site = next(one for one in self._wanted(selected["sites"]) if one["label"] == label)
        ground = self.children(f"ground_{row}_{site['group']}")[f"ground_{row}_{site['group']}"].outputs
        return self._site(selected, site, ground)

    def _ground(self, cell: orm.StructureData, planned: Any) -> Launch:
        """Return the ground state that sites share."""
        inputs = self.exposed_inputs(CoreHoleSpectrumWorkChain, namespace="site")["pw"]
        pseudos = {kind.name: self._ground_pseudo(kind.symbol) for kind in cell.kinds}
        own = {"structure": cell, "parameters": planned["parameters_none"], "pseudos": pseudos}
        return PwRestartWorkChain, {**inputs, "kpoints": planned["scf_kpoints"], "pw": {**inputs["pw"], **own}}

    def _site(self, selected: Any, site: Site, ground: Any) -> Launch:
        """Return the spectra of one site."""
        shared = {name: ground[name] for name in ("remote_folder", "output_parameters", "output_band")}
        element = site["element"]
        missing = site["treatments"]
        all_of_them = missing == self.inputs.treatments.get_list()
        return CoreHoleSpectrumWorkChain, {
            **self.exposed_inputs(CoreHoleSpectrumWorkChain, namespace="site"),
            "structure": selected["structure"],
            "site": orm.Int(site["site"]),
            "edge": orm.Str(site["edge"]),
            "treatments": self.inputs.treatments if all_of_them else orm.List(missing),
            "pairs": dict(self.inputs.pairs[element]),
            "pseudos": self._pseudos_of(selected["structure"], but=element),
            "ground_state": {"structure": selected[f"cell_{site['group']}"], **shared},
        }

    # Rows

    def should_collect(self) -> bool:
        """Go on until every spectrum and every failure is in one of the parts."""
        return bool(self.ctx.n_parts < len(self._parts()))

    def collect_part(self) -> None:
        """Join the next spectra and failures into one dataset."""
        nodes: dict[str, orm.Data] = {}
        failures: dict[str, Mapping[str, str]] = {}
        for row, sites in self._parts()[self.ctx.n_parts].items():
            nodes[f"sites_{row:05d}"] = self.ctx.sites[row]
            children = self.children(f"site_{row:05d}_")
            for site in sites:
                spectra = spectra_of(children[site["label"]]) if site["label"] in children else {}
                names = {treatment: f"{site['label']}_{treatment}" for treatment in site["treatments"]}
                nodes |= {names[treatment]: node for treatment, node in spectra.items() if treatment in names}
                lost = [name for treatment, name in names.items() if treatment not in spectra]
                failures |= dict.fromkeys(lost, self._failure(row, site, children)) if lost else {}
        given = {"step": self.inputs.energy_step, "failures": orm.Dict(failures)}
        self.call_once(f"collect_{self.ctx.n_parts:04d}", collect_spectra, **given, **nodes)
        self.ctx.n_parts += 1

    def results(self) -> ExitCode | None:
        """Attach all rows, the earlier ones first, and say how many of the new ones failed."""
        parts = [node.outputs.dataset for node in self.children("collect_").values()]
        earlier = [self.inputs.extend] if "extend" in self.inputs else []
        if not parts and not earlier:
            code: ExitCode = self.exit_codes.ERROR_NO_SITES
            return code
        dataset = merge_in_levels([*earlier, *parts], self._merge)
        self.out("dataset", dataset)
        n_failed = sum(part.base.attributes.get("n_failed") for part in parts)
        n_rows = sum(len(part) for part in parts)
        self.report(f"{n_rows - n_failed} spectra computed, {n_failed} failed, {len(dataset)} rows in the dataset")
        if n_failed <= self.inputs.max_failed_fraction.value * n_rows:
            return None
        code = self.exit_codes.ERROR_TOO_MANY_FAILED
        return code.format(n_failed=str(n_failed), n_rows=str(n_rows))

    def _merge(self, label: str, datasets: Mapping[str, SpectraDatasetData]) -> SpectraDatasetData:
        merged: SpectraDatasetData = self.call_once(label, merge_spectra, **datasets)["dataset"]
        return merged

    def _failure(self, row: int, site: Site, children: Mapping[str, orm.ProcessNode]) -> Mapping[str, str]:
        """Return the reason why a site has no spectrum: its structure, its ground state, or itself."""
        if str(row) in self.ctx.reasons:
            return {"reason": self.ctx.reasons[str(row)], "calculation_uuid": ""}
        if site["label"] in children:
            return failure_of(children[site["label"]])
        label = f"ground_{row:05d}_{site['group']}"
        failure = failure_of(self.children(label)[label])
        return {**failure, "reason": f"the ground state failed: {failure['reason']}"}

    # What the steps share

    @cached_property
    def _known(self) -> set[Row]:
        """Keys of the rows of the earlier dataset that have a spectrum."""
        tables = self.inputs.extend.tables if "extend" in self.inputs else ()
        return set().union(*(known_rows(table) for table in tables))

    def _wanted(self, node: orm.Dict) -> list[dict[str, Any]]:
        """Return the sites of a structure that are not known yet, with the treatments that are missing."""
        key = node["columns"]["structure_md5"]
        wanted = []
        for site in node["sites"]:
            own = (site["element"], site["edge"], site["site"])
            missing = [one for one, settings in site["keys"].items() if (key, settings, *own, one) not in self._known]
            wanted += [{**site, "treatments": missing}] if missing else []
        return wanted

    def _groups(self, row: int, node: orm.Dict) -> dict[int, Site]:
        """Return the first site of each ground state of a structure."""
        sites = self._wanted(node) if str(row) not in self.ctx.reasons else []
        return {site["group"]: site for site in reversed(sites)}

    def _parts(self) -> list[dict[int, list[Site]]]:
        """Return the sites by structure, divided so that no part has too many spectra for one function."""
        parts: list[dict[int, list[Site]]] = []
        room = 0
        for row, site in self._all_wanted():
            needed = len(site["treatments"]) + 1  # with the node of the sites of its structure
            if needed > room:
                parts.append({})
                room = MERGE_LIMIT
            parts[-1].setdefault(row, []).append(site)
            room -= needed
        return parts

    def _all_wanted(self) -> Iterator[tuple[int, Site]]:
        for row, node in enumerate(self.ctx.sites):
            for site in self._wanted(node):
                yield row, site

    def _pair(self, element: str) -> CoreHolePairData:
        """Return any pair of an element: all of them have the same ground state."""
        holes: Mapping[str, CoreHolePairData] = self.inputs.pairs[element]
        return holes[min(holes)]

    def _ground_pseudo(self, element: str) -> orm.Data:
        """Return the dataset of an element in its ground state."""
        if element in self.inputs.pairs:
            pair = self._pair(element)
            pseudo: orm.Data = self.call_once(f"unpack_{element}", unpack_core_hole_pair, pair=pair)["ground"]
        else:
            pseudo = self.inputs.pseudos[element]
        return pseudo

    def _pseudos_of(self, structure: orm.StructureData, but: str) -> dict[str, orm.Data]:
        """Return the datasets of all elements of a structure but one."""
        return {symbol: self._ground_pseudo(symbol) for symbol in sorted(structure.get_symbols_set() - {but})}
