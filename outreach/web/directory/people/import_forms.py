"""The form to choose a spreadsheet of people."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired

from outreach.domain.kinds import CadreKind
from outreach.web.directory.people.forms import kind_words
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import ChoiceField


class ImportForm(TidyForm):
    file = FileField(
        _l("Spreadsheet"),
        [FileRequired(_l("Please choose a file first."))],
        description=_l("An .xlsx, .xls, .ods or .csv file of at most 5 MB and 5,000 rows a sheet."),
    )
    kind = ChoiceField(
        _l("Rows without a kind of cadre are"),
        default="",
        description=_l("Only for a list that has no column “Jenis Kader”."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [
            ("", gettext("people, but no cadres")),
            *((v, gettext("cadres of %(kind)s", kind=w)) for v, w in kind_words()),
        ]

    @property
    def default_kinds(self) -> tuple[CadreKind, ...]:
        return (CadreKind(self.kind.data),) if self.kind.data else ()
