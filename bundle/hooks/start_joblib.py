"""Run before the program, in the bundle: tells joblib how many cores there are before it asks other programs.

scikit-learn wants to know, and joblib asks `lscpu` or `cat`, or PowerShell, whose window would flash up on Windows;
where these are not to be found it complains on stderr.
"""

import os
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

_ASKING = "joblib.externals.loky.backend.context"


def cores() -> int:
    """The cores of this computer where Linux says which of its processors share one; elsewhere the processors."""
    told = Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/thread_siblings_list")
    shared = {path.read_text() for path in told}
    return len(shared) or os.cpu_count() or 1


class Telling:
    """Finds that one module as it would be found without us, and tells it once it has been run."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The module's own spec, whose loader tells it; None for every other module."""
        if name != _ASKING:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_tell(module: ModuleType) -> None:
                run(module)
                module.physical_cores_cache = cores()  # type: ignore[attr-defined]

            spec.loader.exec_module = run_and_tell  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, Telling())
