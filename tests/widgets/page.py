"""A page as a test reads it."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """The texts, tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts += [text] if (text := " ".join(data.split())) else []

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)
