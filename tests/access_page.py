"""Writes the matrix into docs/access.md: ``python -m tests.access_page`` after a change of it."""

from pathlib import Path

from chalicelib.privacy.domain import Act, Allowance, Field, Relationship, Role, View
from chalicelib.privacy.matrix import MATRIX

PAGE = Path(__file__).parents[1] / "docs" / "access.md"
BEGIN, END = "<!-- matrix: begin -->\n", "<!-- matrix: end -->\n"

_WHO = {Relationship.SELF: "own", Relationship.TOTALS: "totals"}


def table() -> str:
    """Return the matrix as a Markdown table."""
    lines = ["| | " + " | ".join(Role) + " |", "|---|" + "---|" * len(Role)]
    for field in Field:
        cells = ("<br>".join(map(_entry, MATRIX[role].get(field, ()))) or "\N{EN DASH}" for role in Role)
        lines.append(f"| **{field}** | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def page_with(text: str, new_table: str) -> str:
    """Return the page with this table in place of the one that it has."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + new_table + END + after


def _entry(allowance: Allowance) -> str:
    match allowance.acts:
        case acts if Act.READ in acts and Act.LIST not in acts:
            letters = "r"
        case acts if Act.LIST in acts and Act.READ not in acts:
            letters = "L"
        case acts:
            letters = "R" if Act.READ in acts else ""
    letters += "W" if Act.WRITE in allowance.acts else ""
    said = f"{letters} {_WHO.get(allowance.relationship, allowance.relationship)}"
    if allowance.view is not View.FULL:
        said += f", {allowance.view}"
    return f"{said} *c* `{allowance.consent}`" if allowance.consent else said


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), table()), encoding="utf-8")
