"""Gathers the figures of all finished runs, `training/results/*.json`, in `results.json`, from which the model card
and docs/results are made. Nothing is measured here, and nothing typed."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

TRAINING = Path(__file__).resolve().parent.parent
SPLITS = ("val", "test", "val+test")
NETWORK = {"ours": "hefnet-r", "pixels": "residual CNN"}


def read_results(folder: Path) -> dict[str, dict[str, Any]]:
    """The figures of every run, by name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def codec_of(run: dict[str, Any], runs: dict[str, dict[str, Any]]) -> str:
    """The codec whose latents a run reads; "" where it reads pixels."""
    for need in run["needs"]:
        if need in runs and (found := need if runs[need]["kind"] == "codec" else codec_of(runs[need], runs)):
            return found
    return ""


def reports(figures: dict[str, Any]) -> dict[str, Any]:
    return {split: figures[split] for split in SPLITS if split in figures}


def network_row(name: str, run: dict[str, Any], runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """One classifier."""
    flags = run["flagsInFull"]
    pixels = run["model"] == "pixels"
    shape = f" {'-'.join(map(str, flags['widths']))}" if run["model"] == "ours" else ""
    return {"model": f"{NETWORK.get(run['model'], run['model'])}{shape}", "input": "pixels" if pixels else "latent",
            "latents": "" if pixels else codec_of(run, runs), "activation": run["activation"],
            "attention": run["attention"], "factor": run["factor"], "parameters": run["parameters"], "checkpoint": name,
            "training": {"seconds": run["seconds"], "steps": run["steps"], "seed": run["seed"], "flags": flags,
                         "bestEpoch": run["bestEpoch"], "history": run["history"], "films": run["films"]},
            "ranges": run["ranges"], **reports(run)}


def linear_rows(name: str, run: dict[str, Any], runs: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The read-outs of one codec."""
    rows = []
    for fit in run["readouts"]:
        pixels = "pixels" in fit["model"]
        findings = len(fit["val"]["findings"])
        rows.append({"model": fit["model"], "input": "pixels" if pixels else "latent",
                     "latents": "" if pixels else codec_of(run, runs), "activation": "none", "attention": "none",
                     "factor": 1 if pixels else run["factor"], "parameters": (fit["features"] + 1) * findings,
                     "checkpoint": name, "training": {"seconds": run["seconds"], "penalty": fit["penalty"]}, **reports(fit)})
    return rows


def gather(runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """All rows. Networks that were taught on a part of the films only, to teach others, are left out."""
    models = [network_row(name, run, runs) for name, run in runs.items()
              if run["kind"] == "classifier" and run["flagsInFull"]["folds"] == 0]
    for name, run in runs.items():
        if run["kind"] == "readouts":
            models += linear_rows(name, run, runs)
    codecs = [{"latents": name, **run} for name, run in runs.items() if run["kind"] == "codec"]
    gates = {name: run for name, run in runs.items() if run["kind"] == "gate"}
    return {"codecs": codecs, "models": models, "gates": gates}


def bundle_id() -> str:
    """The shipped bundle: the SHA-256 of its description."""
    return hashlib.sha256((TRAINING.parent / "native-models/cxr-f8-r1/client/bundle.json").read_bytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=TRAINING / "results")
    parser.add_argument("--notes", default="", help="free text that is kept in the results")
    parser.add_argument("--out", type=Path, default=TRAINING / "results.json")
    args = parser.parse_args()
    args.out.write_text(json.dumps({"bundle": bundle_id(), "notes": args.notes, **gather(read_results(args.results))},
                                   indent=1) + "\n")


if __name__ == "__main__":
    main()
