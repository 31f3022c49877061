"""What serving imports, at once or later, is in the image: one of the Bento's requirements, or required by one."""

import ast
import re
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement

from bentos.ranker.build import RUNTIME

SOURCES = Path(__file__).parents[3] / "src"
SERVED = ("fuserank.serving", "fuserank.serving.http")
WHEN_PACKAGED = {"implicit"}  # fits what a package holds, and is not asked when it is served
NEVER_ASKED = {"ray"}  # an engine of settings that no service reads


def file_of(module):
    folder = SOURCES / module.replace(".", "/")
    return next((file for file in (folder / "__init__.py", folder.with_suffix(".py")) if file.exists()), None)


def imported_by(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module, *(f"{node.module}.{name.name}" for name in node.names))


def imported(modules):
    """Top-level names of other packages that modules of ours import, those inside functions included."""
    seen, waiting, others = set(), list(modules), set()
    while waiting:
        module = waiting.pop()
        file = None if module in seen else file_of(module)
        seen.add(module)
        for name in imported_by(file) if file else ():
            if name.partition(".")[0] == "fuserank":
                waiting.append(name)
            else:
                others.add(name.partition(".")[0])
    return others - sys.stdlib_module_names


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def with_what_they_require(packages):
    found, waiting = set(), [plain(package) for package in packages]
    while waiting:
        if (package := waiting.pop()) not in found:
            found.add(package)
            asked = map(Requirement, distribution(package).requires or ())
            waiting += [plain(r.name) for r in asked if r.marker is None or r.marker.evaluate({"extra": ""})]
    return found


def test_the_image_has_what_serving_imports():
    there, of = with_what_they_require(RUNTIME), packages_distributions()
    names = imported(SERVED) - WHEN_PACKAGED - NEVER_ASKED
    assert {"torch", "pyarrow", "opencc", "fastapi"} <= names, "imports inside functions are found too"
    assert {name for name in names if there.isdisjoint(map(plain, of.get(name, ())))} == set()
