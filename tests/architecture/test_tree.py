"""What reviewers forget: sizes, words, settings and keys that the documents must list."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "chalicelib").rglob("*.py"), *(ROOT / "infra").rglob("*.py"), ROOT / "app.py"])
LONGEST_FILE = 300
SLICES = {folder.name for folder in (ROOT / "chalicelib").iterdir() if (folder / "__init__.py").exists()} - {"edge"}


def names(files: list[Path]) -> list[str]:
    return [str(file.relative_to(ROOT)) for file in files]


@pytest.mark.parametrize("file", SOURCES, ids=names(SOURCES))
def test_no_file_is_too_long_to_read(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def test_app_declares_and_holds_no_logic() -> None:
    text = (ROOT / "app.py").read_text(encoding="utf-8")

    assert len(text.splitlines()) < 220
    conditions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.If | ast.While | ast.Try)]
    assert len(conditions) == 1, "only the choice of whether this function serves HTTP"


def test_every_setting_is_documented_and_set_by_the_template() -> None:
    documented = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    template = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "infra/resources").iterdir())
    config = (ROOT / "chalicelib/edge/config.py").read_text(encoding="utf-8")
    for name in set(re.findall(r"CAIRN_[A-Z_]+", config)):
        assert f"`{name}`" in documented, name
        if name not in {"CAIRN_TRACE", "CAIRN_FUNCTION"}:
            assert name in template, name


def test_every_item_of_the_table_is_listed_in_the_data_document() -> None:
    documented = (ROOT / "docs/data.md").read_text(encoding="utf-8")
    for file in (ROOT / "chalicelib").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Item" for base in node.bases):
                assert f"`{node.name}`" in documented, node.name
                assert "pk ``" in (ast.get_docstring(node) or ""), f"{node.name} must say its keys"


def test_every_slice_is_in_the_rules_on_imports() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = " ".join(pyproject["tool"]["importlinter"]["contracts"][0]["layers"])

    assert {layer.strip().removeprefix("chalicelib.") for layer in re.split(r"[\s|]+", layers)} == SLICES | {"errors"}


def test_nobody_patches_our_own_code() -> None:
    for file in (ROOT / "tests").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        imported = {
            getattr(node, "module", None) or alias.name
            for node in nodes
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        patched = {
            ast.unparse(node.args[0])
            for node in nodes
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "monkeypatch.setattr"
        }
        assert not {name for name in imported if name.startswith(("unittest.mock", "mock"))}, file
        # Of moto's, what it can't do.
        assert patched <= {"DynamoDBBackend"}, file


def test_no_page_or_email_fetches_anything_from_elsewhere() -> None:
    for file in [*(ROOT / "chalicelib").rglob("*.html"), *(ROOT / "chalicelib").rglob("*.css")]:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"https?://|<script|@import|url\(", text), file


def test_documents_link_to_what_exists() -> None:
    for file in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file.name} -> {target}"


def test_every_document_is_found_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("| `docs/` |") :]

    assert [file.name for file in (ROOT / "docs").glob("*.md") if f"](docs/{file.name})" not in table] == []


def test_every_slice_is_named_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (row,) = [line for line in readme.splitlines() if line.startswith("| `chalicelib/` |")]

    assert [name for name in sorted(SLICES) if not re.search(rf"\b{name}\b", row)] == []


def test_every_problem_that_a_door_answers_is_in_the_api_document() -> None:
    documented = (ROOT / "docs/api.md").read_text(encoding="utf-8").partition("\n## Errors")[2]
    kinds = set()
    for file in (ROOT / "chalicelib").rglob("*.py"):
        kinds |= set(re.findall(r'kind="([a-z-]+)",? ', file.read_text(encoding="utf-8").replace("\n", " ")))
    table = (ROOT / "chalicelib/edge/problems.py").read_text(encoding="utf-8").partition("_KINDS")[2]
    kinds |= set(re.findall(r'HTTPStatus\.\w+, "([a-z-]+)"\)', table))

    assert {"not-found", "too-soon", "not-sent", "bad-cursor"} <= kinds
    assert [kind for kind in sorted(kinds) if f"`{kind}`" not in documented] == []


def items_of_people() -> set[str]:
    """Name the classes of items that lie with a person."""
    return {
        node.name
        for file in (ROOT / "chalicelib").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and "``PERSON#{person}``" in (ast.get_docstring(node) or "")
    }


def test_only_the_one_transaction_writes_what_lies_with_a_person() -> None:
    """Anything else would leave the copy that outreach reads behind (docs/data.md)."""
    classes = items_of_people()
    assert {"PersonItem", "ChannelItem", "ScheduleItem", "ReachItem"} <= classes
    functions = [
        (file.name, node)
        for file in (ROOT / "chalicelib").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    makers = {
        node.name
        for _, node in functions
        if node.returns and classes & set(re.findall(r"\w+", ast.unparse(node.returns)))
    }
    users = {
        (file, node.name)
        for file, node in functions
        if node.name not in makers
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in classes | makers
    }

    assert users == {
        ("store.py", "_removed"),
        ("store.py", "_written"),
        ("store.py", "write"),
        ("store.py", "_with_copy"),
        ("reach_store.py", "keep_waiting"),
        ("reach_store.py", "told"),
        ("reach_store.py", "place"),
        ("reach_store.py", "extend"),
        ("reach_store.py", "settle"),
        ("reach_store.py", "lift"),
    }
