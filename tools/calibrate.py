"""Measure anew how far the errors that a trained model claims are to be trusted, and write it into the model's card.

    python tools/calibrate.py models/smae-base ../shared/data/corpus.h5

On the spectra of the corpora that training keeps apart and on simulated ones, corrupted as in training; never on those
named by --leave-out, which the benchmarks measure the model on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ramanstudio.mae import corpus, model_store
from ramanstudio.mae.config import PretrainingConfig
from ramanstudio.mae.pretraining import measure_calibration

BENCHMARKED = "exposure_mixture_01,power_series_a,minerals_raw_test"


def main() -> None:
    """Calibrate one model."""
    ask = argparse.ArgumentParser(description="Calibrate the expected error of a model.")
    ask.add_argument("model", type=Path, help="a folder with card.json")
    ask.add_argument("corpora", type=Path, nargs="+", help="HDF5 corpora")
    ask.add_argument("--batches", type=int, default=48)
    ask.add_argument("--leave-out", default=BENCHMARKED, help="groups that are not looked at")
    arguments = ask.parse_args()
    _, apart = corpus.load(arguments.corpora, tuple(arguments.leave_out.split(",")))
    network = model_store.load(arguments.model)[1]
    card = model_store.save_calibration(
        arguments.model, measure_calibration(network, apart, PretrainingConfig(), arguments.batches)
    )
    assert card.calibration is not None
    for spread, scale in zip(card.calibration.spread, card.calibration.scale, strict=True):
        print(f"claims {spread:.3f} sigma: times {scale:.3f}")


if __name__ == "__main__":
    main()
