"""Reading a page as a browser would: its forms, and its visible text."""

import re
from html import unescape
from html.parser import HTMLParser


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.select = ""
        self.inside = False

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "main":
            self.inside = True
        if not self.inside:
            return
        if tag == "input" and "name" in values:
            if values.get("type") not in ("checkbox", "radio") or "checked" in values:
                self.found.append((values["name"], values.get("value") or ""))
        elif tag == "select":
            self.select = values.get("name", "")
        elif tag == "option" and "selected" in values:
            self.found.append((self.select, values.get("value") or ""))

    def handle_endtag(self, tag):
        if tag == "main":
            self.inside = False


def page(client, path: str = "/incoming") -> str:
    """Return the page at an address; the page must exist."""
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.text


def fields(page: str) -> dict[str, list[str]]:
    """Return the values of the inputs and selects in the page's <main>, by name."""
    parser = _Fields()
    parser.feed(page)
    result: dict[str, list[str]] = {}
    for name, value in parser.found:
        result.setdefault(name, []).append(value)
    return result


def text_of(page: str) -> str:
    """Return the words of the page's <main>, with one blank between them."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main.partition(">")[2])).split())


def words(html: str) -> str:
    """Return the words of a piece of HTML, with one blank between them."""
    return " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)).split())


def filled_in(page: str) -> dict[str, str]:
    """Return the first value of each input and select in the page's <main>, by name."""
    return {name: values[0] for name, values in fields(page).items()}


def linked_names(page: str) -> list[str]:
    """Return the names that a list page links to."""
    return [part.split("</a>")[0].rpartition(">")[2] for part in page.split('class="name"')[1:]]
