"""Where training keeps what can be made again."""

from __future__ import annotations

import os
from pathlib import Path

CACHE = "CIPHERFILM_CACHE"  # the variable that names another folder
DEFAULT_CACHE = Path(os.environ.get(CACHE, "") or Path.home() / ".cache" / "cipherfilm" / "training")
