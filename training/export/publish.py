"""Where exports go, and how: every file is written beside its destination and renamed."""

from __future__ import annotations

import json
import os
from pathlib import Path

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
