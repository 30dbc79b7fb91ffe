"""On the path of a daemon's workers: makes them die at every step of a work chain and in every calculation function.

A worker is killed at the worst moments: after the last act of a step and before its checkpoint, when all of the step is
done and nothing of it remembered; and when a calculation function is stored and has no result yet. Each place kills
once. Workers die only while the file ``armed`` is in the folder of the environment variable ``GBML_DEATHS``, where each
work chain and each function leaves a file with one byte for each time that it came to such a place: at the odd ones it
died.
"""

import functools
import importlib.util
import os
import signal
import sys
from pathlib import Path


def _pass_or_die(name):
    folder = Path(os.environ["GBML_DEATHS"])
    if not (folder / "armed").exists():
        return
    with (folder / name).open("a") as visits:
        visits.write(".")
        is_first = visits.tell() % 2 == 1
    if is_first:
        os.kill(os.getpid(), signal.SIGKILL)


def _change_steps(module):
    do_step = module.WorkChain._do_step

    @functools.wraps(do_step)  # a checkpoint knows the method by its name
    def do_step_and_die(self):
        result = do_step(self)
        _pass_or_die(f"chain.{self.pid}")
        return result

    module.WorkChain._do_step = do_step_and_die


def _change_functions(module):
    run = module.FunctionProcess.run

    @functools.wraps(run)
    async def die_or_run(self):
        _pass_or_die(f"function.{self.node.caller.pk}.{self.inputs.metadata['call_link_label']}")
        return await run(self)

    module.FunctionProcess.run = die_or_run


_CHANGES = {
    "aiida.engine.processes.workchains.workchain": _change_steps,
    "aiida.engine.processes.functions": _change_functions,
}


class _Finder:
    """Changes classes of AiiDA at their first import, so that other programs pay nothing."""

    @classmethod
    def find_spec(cls, name, *_):
        change = _CHANGES.pop(name, None)
        if change is None:
            return None
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def load_and_change(module):
            load(module)
            change(module)

        spec.loader.exec_module = load_and_change
        return spec


if "GBML_DEATHS" in os.environ:
    sys.meta_path.insert(0, _Finder)
