"""Errors named after what the user did wrong. Each carries the sentence for the page, in the user's language.

The message is an English message id with %(name)s placeholders; the page translates it.
"""


class Problem(Exception):
    """The user's request cannot be done; nothing was changed."""

    message = "This cannot be done."
    field: str | None = None  # the form field it is about, if any

    def __init__(self, message: str | None = None, *, field: str | None = None, **values: object) -> None:
        self.message = message or type(self).message
        self.field = field or type(self).field
        self.values = values
        super().__init__(self.message % values if values else self.message)
