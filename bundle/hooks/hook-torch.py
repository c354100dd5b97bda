"""How PyInstaller takes torch: what the program can reach, its libraries, and not its tests, headers and compilers.

PyInstaller's own hook takes every submodule there is, and through the compilers half of the registry with them.
"""

from pathlib import Path

from PyInstaller.utils.hooks import PY_DYLIB_PATTERNS, collect_dynamic_libs, collect_submodules, get_package_paths

_ROOT = Path(get_package_paths("torch")[1])
# Bytecode for the start, and sources beside it where torch may read its own (torch.jit). Of the large parts it reads
# none but the tables of settings, whose comments mean something to it.
_WITHOUT_SOURCES = (
    "_dynamo",
    "_inductor",
    "distributed",
    "ao",
    "fx",
    "_functorch",
    "_higher_order_ops",
    "export",
    "_export",
)
module_collection_mode = {"torch": "pyz+py", **{f"torch.{name}": "pyz" for name in _WITHOUT_SOURCES}}
for _path in (path for name in _WITHOUT_SOURCES for path in (_ROOT / name).rglob("*config*.py")):
    if "install_config_module(" in _path.read_text(encoding="utf-8"):
        _parts = _path.relative_to(_ROOT.parent).with_suffix("").parts
        module_collection_mode[".".join(part for part in _parts if part != "__init__")] = "pyz+py"
warn_on_missing_hiddenimports = False

# Reached by name only, in string tables of torch: training steps through torch._dynamo to switch it off.
hiddenimports = [
    *collect_submodules("torch._dynamo", on_error="ignore"),
    "torch._dynamo.polyfills.loader",
    "torch.utils._config_typing",
]
excludedimports = ["torch.utils.tensorboard", "torch.utils.benchmark"]

# The libraries for tests of torch itself are left out. torch will not start where torch_shm_manager is missing.
binaries = [(str(path), "torch/bin") for path in _ROOT.glob("bin/torch_shm_manager*")]
binaries += [
    pair
    for pair in collect_dynamic_libs("torch", search_patterns=[*PY_DYLIB_PATTERNS, "*.so.*"])
    if "_test" not in pair[0] and "backend_with_compiler" not in pair[0] and "/test/" not in pair[0].replace("\\", "/")
]

# Links to torch's libraries at the top would make it look for its parts there.
bindepend_symlink_suppression = ["**/torch/lib/*.so*"]
