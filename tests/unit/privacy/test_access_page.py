from chalicelib.privacy.domain import Role
from tests.access_page import PAGE, page_with, table


def test_the_page_shows_the_matrix_as_it_is_now() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page == page_with(page, table()), "run: python -m tests.access_page"


def test_the_page_names_every_role_as_a_group() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [role for role in Role if f"`{role}`" not in page] == []
