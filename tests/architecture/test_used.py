"""What reviewers would have to look for: names that nothing uses, and rules that nothing keeps free of AWS."""

import ast
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "chalicelib").rglob("*.py"), *(ROOT / "infra").rglob("*.py"), ROOT / "app.py"])
USED_OTHERWISE = {
    "forget_connection",  # tests go from one store to another
    "due_of",  # tests look at the rows that wait
    "wait_until",  # outreach is given the module as its clock
}
SHELLS = {"aws_lambda_powertools", "boto3", "botocore", "chalice", "chalicelib.edge", "pydantic", "pynamodb"}
"""What rules and use cases may not know, as pyproject.toml says it to the linter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """What a module declares, and what it takes from itself and from others."""

    declared: set[str]
    methods: set[str] = field(default_factory=set)
    loaded: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)


def declared(tree: ast.Module) -> set[str]:
    """Name what a module declares; what a decorator registers is used by whoever it registers with."""
    found = set()
    for node in tree.body:
        match node:
            case ast.FunctionDef(decorator_list=[_, *_]) if ast.unparse(node.decorator_list[0]) != "cache":
                continue
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
    return {name for name in found if not name.startswith("__")}


@cache
def modules() -> dict[str, Module]:
    found = {}
    for file in SOURCES:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        module = Module(declared=declared(tree))
        for node in ast.walk(tree):
            match node:
                case ast.Name(id=name, ctx=ast.Load()):
                    module.loaded.add(name)
                case ast.Attribute(attr=name):
                    module.attributes.add(name)
                case ast.Constant(value=str(name)) if name.isidentifier():
                    module.attributes.add(name)
                case ast.Import(names=names):
                    module.imported.update(alias.name for alias in names)
                case ast.ImportFrom(module=str(source), names=names):
                    module.imported.update({source, *(f"{source}.{alias.name}" for alias in names)})
                case ast.ClassDef(body=body):
                    module.methods.update(
                        one.name for one in body if isinstance(one, ast.FunctionDef) and not one.decorator_list
                    )
        found[".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")] = module
    return found


def test_whatever_is_declared_is_used() -> None:
    everywhere = set[str]().union(*(module.imported for module in modules().values()))
    for place, module in modules().items():
        elsewhere = [other.attributes for other in modules().values() if place in other.imported]
        unused = {name for name in module.declared - module.loaded if f"{place}.{name}" not in everywhere}
        assert unused.difference(*elsewhere) <= USED_OTHERWISE, place


def test_every_method_is_called() -> None:
    called = set[str]().union(*(module.attributes for module in modules().values()))
    for place, module in modules().items():
        if place.startswith("chalicelib"):  # a laptop's servers have methods that the standard library calls
            uncalled = {name for name in module.methods - called if not name.startswith("_")}
            assert uncalled <= {"serialize"}, place


def test_what_knows_no_aws_is_held_to_that() -> None:
    """The linter looks at the modules that pyproject.toml names: a new one of rules or use cases has to be there."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = [one for one in pyproject["tool"]["importlinter"]["contracts"] if one["type"] == "forbidden"]
    shells: set[str] = set()
    while more := {
        place
        for place, module in modules().items()
        if place not in shells and (module.imported & shells or any(map(is_shell, {place, *module.imported})))
    }:
        shells |= more
    by_name = {place for place in modules() if place.endswith((".domain", ".service"))}

    held = {place for place in contract["source_modules"] if "*" not in place}
    assert set(contract["forbidden_modules"]) == SHELLS
    rules = {place for place in modules() if place.startswith("chalicelib.") and place.count(".") > 1}
    assert rules - shells - by_name == held


def test_only_shells_and_stores_are_let_at_any_store() -> None:
    """As above: a file of keys is protected once pyproject.toml names it."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = [one for one in pyproject["tool"]["importlinter"]["contracts"] if one["type"] == "protected"]
    for place in modules():
        if place.startswith("chalicelib.") and place.endswith(("store", ".items")):
            assert any(fnmatch(place, protected) for protected in contract["protected_modules"]), place


def is_shell(module: str) -> bool:
    return module in SHELLS or any(module.startswith(f"{shell}.") for shell in SHELLS)
