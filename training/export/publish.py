"""Puts a finished export where the product takes it from.

`python3 -m training.export.publish <run>` takes the bundle and the fixtures that the queue's run of that
name left in the cache. Every file is written beside its destination and renamed, so that nothing is
ever half written.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path

from training.place import DEFAULT_CACHE

ROOT = Path(__file__).resolve().parent.parent.parent


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")


def publish(staged: Path, target: Path) -> None:
    """Move every staged file over its destination, one atomic rename each."""
    for file in sorted(p for p in staged.rglob("*") if p.is_file()):
        place = target / file.relative_to(staged)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.chmod(file, 0o644)
        os.replace(file, place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="a finished run of the kind `bundle`")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--out", type=Path, default=ROOT / "native-models" / "cxr-f8-r1")
    parser.add_argument("--fixtures", type=Path, default=ROOT / "test" / "fixtures" / "parity")
    args = parser.parse_args()
    source = args.cache / "runs" / args.run / "staged"
    for name, target in (("bundle", args.out), ("fixtures", args.fixtures)):
        beside = target.with_name(f".{target.name}-staged")
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(source / name, beside)
        publish(beside, target)
        shutil.rmtree(beside)
    for old in args.fixtures.glob("0*"):
        if not (source / "fixtures" / old.name).exists():
            shutil.rmtree(old)


if __name__ == "__main__":
    main()
