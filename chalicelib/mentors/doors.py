"""The slice's doors, and who may go on at them."""

from chalicelib.edge.http import Asked, Doors
from chalicelib.errors import Forbidden
from chalicelib.privacy.domain import Relationship

doors = Doors(__name__)


class NotTheirWord(Forbidden):
    """Only somebody themselves says this; or only staff who hold them."""


def must_be(asked: Asked, *relationships: Relationship) -> None:
    """
    Let only who stands so to the person go on.

    :raises NotTheirWord: if it is another
    """
    if asked.granted.relationship not in relationships:
        raise NotTheirWord("your roles don't allow this")
