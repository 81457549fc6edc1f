"""Who imports whom inside `training`: packages only those above them in README.md's table, and files in no circle."""

from __future__ import annotations

import ast
import unittest
from pathlib import Path

TRAINING = Path(__file__).resolve().parent.parent
PACKAGES = ("place", "latent", "data", "loop", "metrics", "classifier", "codec", "readout", "gate", "export", "report",
            "queue")


def module_of(file: Path) -> str:
    """`<root>/data/nih.py` -> `training.data.nih`."""
    return ".".join(("training", *file.relative_to(TRAINING).with_suffix("").parts))


def imports_of(source: str) -> set[str]:
    """The modules of ours that a file names, also inside functions; `from package import name` counts as both."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level > 0:
                raise ValueError("imports name the whole path, `training.…`")
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.startswith("training.")}


def read_modules() -> dict[str, set[str]]:
    """Every module outside the tests, with the modules that it imports."""
    sources = {module_of(file): file.read_text() for file in TRAINING.rglob("*.py")
               if "tests" not in file.parts and file.name != "__init__.py"}
    return {name: imports_of(source) & sources.keys() for name, source in sources.items()}


def find_circle(modules: dict[str, set[str]]) -> list[str]:
    """A way from a module back to itself, or nothing."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name):], name]
        if name not in done:
            for target in sorted(modules[name]):
                found = walk(target, [*way, name])
                if found:
                    return found
            done.add(name)
        return []

    return next((circle for name in modules if (circle := walk(name, []))), [])


def wrong_edges(modules: dict[str, set[str]]) -> list[str]:
    """Imports of a package further down the list."""
    def place(module: str) -> int:
        return PACKAGES.index(module.split(".")[1])

    return [f"{name} -> {target}" for name, targets in modules.items() for target in sorted(targets)
            if place(target) > place(name)]


class Packages(unittest.TestCase):
    def test_import_only_those_above_them(self) -> None:
        modules = read_modules()
        self.assertGreater(len(modules), 20)
        self.assertEqual(wrong_edges(modules), [])

    def test_have_no_circles_between_files(self) -> None:
        self.assertEqual(find_circle(read_modules()), [])

    def test_stand_in_the_readme_in_this_order(self) -> None:
        rows = [line.split("`")[1] for line in (TRAINING / "README.md").read_text().splitlines()
                if line.startswith(("| `place.py`", "| `latent.py`", *(f"| `{name}/`" for name in PACKAGES)))]
        self.assertEqual([row.removesuffix(".py").rstrip("/") for row in rows], list(PACKAGES))
        folders = {path.parent.name for path in TRAINING.glob("*/__init__.py")} - {"tests"}
        self.assertEqual(folders, set(PACKAGES) - {"place", "latent"})

    def test_are_found_wrong_where_they_are(self) -> None:
        data, chexpert = "training.data.nih", "training.data.chexpert"
        self.assertEqual(find_circle({data: {chexpert}, chexpert: {data}}), [data, chexpert, data])
        self.assertEqual(wrong_edges({data: {"training.report.evaluate"}}),
                         ["training.data.nih -> training.report.evaluate"])
        self.assertEqual(imports_of("def late():\n    from training.data import nih\n"),
                         {"training.data", data})


if __name__ == "__main__":
    unittest.main()
