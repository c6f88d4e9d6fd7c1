"""How public doors answer with a page: in its reader's language, and with whom to call where the page itself fails."""

from collections.abc import Callable

from chalicelib.edge.doors import Answer, Asked
from chalicelib.edge.log import count, logger, places
from chalicelib.edge.pages import Shown, headers, preferred_language


def language_of(asked: Asked) -> str:
    """Return the language of the pages that whoever asks reads, by what their browser says."""
    return preferred_language(asked.headers.get("accept-language", ""))


def answer_with(page: Shown) -> Answer:
    """Return the answer that brings a page, with the headers that every page goes out with."""
    return Answer(body=page.html, status=page.status, headers=headers(), media_type=headers()["Content-Type"])


def answer_or(make: Callable[[], Shown], trouble: Callable[[], Shown]) -> Answer:
    """Answer with the page that is made; with ``trouble`` if it can't be, since whoever comes must see whom to call."""
    try:
        page = make()
    except Exception as error:  # noqa: BLE001 (see above)
        failed(error)
        page = trouble()
    return answer_with(page)


def failed(error: Exception) -> None:
    """Note that a page could not be made."""
    logger.error("page failed", extra={"error": type(error).__name__, "at": places(error)})
    count("UnexpectedErrors")
