"""Damaged fine-tuned models: every one is refused with a sentence, or works: python -m benchmarks.model_mutations

Mutants of exported models are read, shown and used. Half are changed byte by byte; the others are well-formed files
with correct hashes, whose card or arrays hold other types, values or shapes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.results import machine, table, write_section
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning import finetuned_model
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.finetuned_model import FineTunedModel
from ramanstudio.finetuning.representations import FeatureExtractor
from ramanstudio.finetuning.training import finetune

N_MUTANTS = 20_000
PER_PROCESS = 1000
MAX_SECONDS, MAX_MEMORY_KB = 10.0, 2**20
AXIS = np.linspace(300, 1700, 60)
Arrays = dict[str, NDArray[Any]]

# Values that no field expects: wrong types, absurd sizes, other people's paths.
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, "", "../../x", "x" * 100_000, "\x00", "1e999", 0, -1, 3.5, 1e308, -1e308, 10**400, 2**63,
    float("nan"), float("inf"), [], {}, [None], [[]], [1, 2, 3], ["a", "b"], {"a": 1}, [1e308] * 3, ["a"] * 20_000,
    {"a": {"b": {"c": [1]}}}, "Infinity", "talc", "quantity", "classes", "LDA", "PLS", "tuned", 1e-320, [700, 100],
)  # fmt: skip


def smooth(spectra: SpectrumSet, _: Progress) -> SpectrumSet:
    """Stand in for a denoising network."""
    kernel = np.hanning(5) / np.hanning(5).sum()
    return spectra.with_values([np.convolve(row, kernel, mode="same") for row in spectra.values])


EXTRACTOR = FeatureExtractor("smoother", "0" * 64, smooth, lambda *_: None)


def make_spectra(count: int = 8) -> tuple[SpectrumSet, list[str]]:
    """Return `count` noisy spectra of each of three substances, and their names."""
    rng, rows, names = np.random.default_rng(0), [], []
    for name, centre in (("talc", 680), ("quartz", 465), ("zircon", 1008)):
        for _ in range(count):
            rows.append(np.exp(-0.5 * ((AXIS - centre) / 25) ** 2) + 0.05 * rng.standard_normal(len(AXIS)))
            names.append(name)
    return SpectrumSet.of(AXIS, rows), names


def make_models() -> list[FineTunedModel]:
    """Return one model of each kind: linear, nearest neighbour, linear regression and Gaussian process."""
    spectra, names = make_spectra()
    numbers = [f"{number}" for number in np.linspace(0, 10, len(names))]
    plans = {
        FinetunePlan(estimator="LDA", representation="lines", importance=False): names,
        FinetunePlan(estimator="nearest", representation="joined", importance=False): names,
        FinetunePlan(estimator="ridge", representation="spectrum", quantity=True): numbers,
        FinetunePlan(estimator="Gaussian process", representation="lines", quantity=True): numbers,
    }
    return [finetune(EXTRACTOR, spectra, labels, plan=plan).model for plan, labels in plans.items()]


def to_file(card: str, arrays: Arrays) -> bytes:
    """Return an exported model with this card, and correct hashes of what it holds."""
    from safetensors.numpy import save

    metadata = {"card": card, "card_sha256": hashlib.sha256(card.encode("utf-8", "replace")).hexdigest()}
    return bytes(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata))


def hash_arrays(arrays: Arrays) -> str:
    """Return the hash of arrays as a card states it."""
    from safetensors.numpy import save

    content = save({name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)})
    return hashlib.sha256(content).hexdigest()


def mutate_card(card: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Change one to three fields of a card: to an odd value, to another field's value, or away."""
    card = json.loads(json.dumps(card))
    for _ in range(rng.integers(1, 4)):
        if not card:
            break
        key = str(rng.choice(list(card)))
        change = rng.integers(6)
        if change == 0:
            del card[key]
        elif change == 1:
            card[key] = card[str(rng.choice(list(card)))]
        elif change == 2 and isinstance(card[key], list) and card[key]:
            items = card[key]
            index = int(rng.integers(len(items)))
            items[index:index] = [items[index]] if rng.random() < 0.5 else [_odd_value(rng)]
        elif change == 3 and isinstance(card[key], list | dict) and card[key]:
            indices = list(card[key]) if isinstance(card[key], dict) else list(range(len(card[key])))
            card[key][indices[int(rng.integers(len(indices)))]] = _odd_value(rng)
        elif change == 4 and isinstance(card[key], int | float) and abs(card[key]) < 1e300:
            card[key] = float(card[key]) * 10.0 ** float(rng.integers(-300, 300))
        else:
            card[key] = _odd_value(rng)
    return card


def _odd_value(rng: np.random.Generator) -> Any:
    return ODD_VALUES[int(rng.integers(len(ODD_VALUES)))]


def mutate_arrays(arrays: Arrays, rng: np.random.Generator) -> Arrays:
    """Change one or two arrays: their shape, type or values, their name, or take them away."""
    arrays = {name: np.array(array) for name, array in arrays.items()}
    for _ in range(rng.integers(1, 3)):
        if not arrays:
            break
        name = str(rng.choice(list(arrays)))
        array = arrays[name]
        changes: tuple[Callable[[], NDArray[Any]], ...] = (
            lambda array=array: array * np.float32(1e30),
            lambda array=array: array * 0,
            lambda array=array: np.full_like(array, np.nan) if array.dtype.kind == "f" else array * -1,
            lambda array=array: np.full_like(array, np.inf) if array.dtype.kind == "f" else array + 1000,
            lambda array=array: array[:0],
            lambda array=array: array[: max(1, len(array) // 2)] if array.ndim else array,
            lambda array=array: array[None],
            lambda array=array: array.reshape(-1),
            lambda array=array: array.T.copy(),
            lambda array=array: array.astype(np.int64),
            lambda array=array: array.astype(np.float16),
            lambda array=array: array.astype(bool),
            lambda array=array: np.repeat(array, 2, axis=0) if array.ndim else array,
            lambda array=array: array[::-1] * -1 if array.ndim else array,
            lambda array=array: rng.standard_normal(array.shape).astype(np.float32) * 1e20,
            lambda array=array: np.zeros((1,) * int(rng.integers(0, 6)), np.float32),
            lambda array=array: arrays[str(rng.choice(list(arrays)))],
        )
        change = int(rng.integers(len(changes) + 2))
        with np.errstate(all="ignore"):
            if change == len(changes):
                del arrays[name]
            elif change == len(changes) + 1:
                arrays[f"{name}.{'x' * int(rng.integers(1, 300))}"] = arrays.pop(name)
            else:
                arrays[name] = changes[change]()
    return arrays


def mutate_bytes(content: bytes, rng: np.random.Generator) -> bytes:
    """Change a file byte by byte: flip, overwrite, cut, double or exchange parts, or the size of its header."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        position, length = int(rng.integers(max(1, len(data)))), int(rng.integers(1, 64))
        change = rng.integers(6)
        if change == 0:
            data[position : position + 1] = bytes([int(rng.integers(256))])
        elif change == 1:
            data[position : position + length] = rng.bytes(length)
        elif change == 2:
            del data[position:]
        elif change == 3:
            data[position:position] = data[position : position + length]
        elif change == 4:
            del data[position : position + length]
        else:
            data[:8] = int(rng.integers(0, 2**62)).to_bytes(8, "little")
    return bytes(data)


def mutate(model: FineTunedModel, rng: np.random.Generator) -> bytes:
    """Return one mutant of an exported model."""
    card, arrays = json.loads(model.card.to_json()), dict(model.arrays)
    kind = rng.random()
    if kind < 0.5:
        return mutate_bytes(to_file(model.card.to_json(), arrays), rng)
    if kind > 0.75:
        arrays = mutate_arrays(arrays, rng)
    card["sha256"] = hash_arrays(arrays)
    if kind < 0.85:
        card = mutate_card(card, rng)
    text = json.dumps(card)
    if kind > 0.99:  # deep nesting in place of a card
        text = "[" * 100_000
    return to_file(text, arrays)


def use(path: Path, spectra: SpectrumSet) -> str:
    """Read, show and use a model; return "refused" or "works". Anything but a StudioError is raised."""
    try:
        model = finetuned_model.load(path)
        model.card.text()
        classified = classify(EXTRACTOR, spectra, model)
        assert len(classified.labels) == len(spectra)
    except StudioError as error:
        assert str(error)
        return "refused"
    return "works"


def mutants(seed: int, count: int) -> Iterator[bytes]:
    """Yield `count` mutants."""
    rng, models = np.random.default_rng(seed), make_models()
    for number in range(count):
        yield mutate(models[number % len(models)], rng)


def run(seed: int, count: int) -> Counter[str]:
    """Use `count` mutants and return how many were refused, worked, raised, took too long or too much memory."""
    outcomes, (spectra, _) = Counter[str](), make_spectra(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutant.ramanmodel"
        for content in mutants(seed, count):
            path.write_bytes(content)
            started = time.perf_counter()
            try:
                outcomes[use(path, spectra)] += 1
            except Exception:
                outcomes["exceptions"] += 1
                traceback.print_exc()
            if time.perf_counter() - started > MAX_SECONDS:
                outcomes["over 10 s"] += 1
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > MAX_MEMORY_KB:
        outcomes["over 1 GB"] += 1
    return outcomes


def main(count: int) -> None:
    """Use all mutants, in processes of their own, and write the section."""
    totals = Counter[str]()
    for seed in range(-(-count // PER_PROCESS)):
        arguments = [sys.executable, "-m", "benchmarks.model_mutations", "--seed", str(seed)]
        process = subprocess.run(arguments, capture_output=True, text=True, check=False)
        lines = process.stdout.splitlines()
        if process.returncode or not lines:
            totals["crashes"] += 1
        else:
            totals.update(json.loads(lines[-1]))
        print(process.stderr[-2000:], dict(totals), flush=True)
    bad = ("crashes", "exceptions", "over 10 s", "over 1 GB")
    is_met = not any(totals[outcome] for outcome in bad)
    rows = [[outcome, f"{totals[outcome]}"] for outcome in ("refused", "works", *bad)]
    write_section(
        "Damaged fine-tuned models",
        f"`python -m benchmarks.model_mutations`, {machine()}. {count} mutants of four exported models, half changed"
        " byte by byte, half well-formed files with correct hashes whose card or arrays hold other types, values or"
        " shapes. Each is read, its card shown, and used on spectra. *Exceptions* are those that are not a sentence."
        f" Bar: 0 of the last four {'✓' if is_met else '✗'}.\n\n" + table(("outcome", "mutants"), rows),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Use damaged fine-tuned models.")
    parser.add_argument("--count", type=int, default=N_MUTANTS)
    parser.add_argument("--seed", type=int, default=None, help="one process of it")
    options = parser.parse_args()
    if options.seed is None:
        main(options.count)
    else:
        print(json.dumps(run(options.seed, PER_PROCESS)))
