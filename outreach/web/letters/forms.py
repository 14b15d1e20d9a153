"""Forms of letters: the text of one letter, and number and date of many."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import Length

from outreach.domain.documents import Signatory
from outreach.domain.letters.values import Addressee, LetterValues
from outreach.services.letters.compose import LetterText
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import DayField, Sentence, strip
from outreach.web.fields.times import Versioned

NATURES = ("Biasa", "Penting", "Segera", "Sangat Segera", "Rahasia")
MOST_TEXT, MOST_LINE = 4000, 300


class NumberForm(TidyForm):
    """Number and date for all letters of a list."""

    number = StringField(
        _l("Letter number"),
        [Sentence(_l("Please write the number of the letters.")), Length(max=80)],
        description=_l("The same for all, or with {urut} where they count: 005/{urut}/2027."),
    )
    dated_on = DayField(_l("Date of the letters"), [Sentence(_l("Please choose the day."))])


class SignatoryFields(TidyForm):
    """Who signs, on a letter and in the settings."""

    post = StringField(_l("Post"), [Length(max=MOST_LINE)], description=_l("Such as Kepala Dinas."))
    name = StringField(_l("Name"), [Length(max=MOST_LINE)], description=_l("With titles, as it stands on letters."))
    rank = StringField(_l("Rank"), [Length(max=MOST_LINE)], description=_l("Such as Pembina Utama Muda."))
    number_label = StringField(
        _l("Kind of number"), [Length(max=20)], default="NIP", description=_l("NIP, or NRP for police and army.")
    )
    id_number = StringField(_l("Number of the person who signs"), [Length(max=60)])

    @property
    def signatory(self) -> Signatory:
        return Signatory(*(strip(self[name].data) for name in ("post", "name", "rank", "number_label", "id_number")))

    def fill_signatory(self, who: Signatory) -> None:
        self.post.data, self.name.data, self.rank.data = who.post, who.name, who.rank
        self.number_label.data, self.id_number.data = who.number_label, who.number


class LetterForm(SignatoryFields, Versioned):
    number = StringField(_l("Letter number"), [Length(max=80)], description=_l("Empty until the letter has one."))
    dated_on = DayField(_l("Date of the letter"), description=_l("Empty until the letter has one."))
    nature = StringField(
        _l("Urgency (sifat)"),
        [Length(max=60)],
        render_kw={"list": "natures"},
        description=_l("Biasa, Penting, Segera …"),
    )
    attachments = StringField(_l("Attachments (lampiran)"), [Length(max=60)])
    subject = StringField(
        _l("Subject (hal)"), [Sentence(_l("Please write what the letter is about (hal).")), Length(max=MOST_LINE)]
    )
    addressees = TextAreaField(
        _l("Addressees (Yth.)"),
        [Sentence(_l("Please write who the letter is for: one addressee a paragraph.")), Length(max=200_000)],
        description=_l(
            "One addressee a paragraph, with an empty line between two. More than four become an attached list."
        ),
    )
    opening = TextAreaField(_l("Opening"), [Length(max=MOST_TEXT)])
    closing = TextAreaField(_l("Closing"), [Length(max=MOST_TEXT)])
    copies = TextAreaField(_l("Copies to (tembusan)"), [Length(max=MOST_TEXT)], description=_l("One a line."))

    def fill(self, values: LetterValues, version: int) -> None:
        for name in ("number", "dated_on", "nature", "attachments", "subject", "opening", "closing"):
            self[name].data = getattr(values, name)
        self.addressees.data = "\n\n".join("\n".join(one.lines) for one in values.addressees)
        self.copies.data = "\n".join(values.copies)
        self.fill_signatory(values.signatory)
        self.version.data = str(version)

    @property
    def text(self) -> LetterText:
        return LetterText(
            subject=strip(self.subject.data),
            opening=paragraphs(self.opening.data),
            closing=paragraphs(self.closing.data),
            addressees=addressees(self.addressees.data),
            nature=strip(self.nature.data),
            attachments=strip(self.attachments.data),
            number=strip(self.number.data),
            dated_on=self.dated_on.data,
            copies=lines(self.copies.data),
            signatory=self.signatory,
        )


def paragraphs(text: Any) -> str:
    """Return a text with plain line ends, without blanks around its lines and empty lines around it."""
    return "\n".join(line.strip() for line in (text or "").splitlines()).strip()


def lines(text: Any) -> tuple[str, ...]:
    return tuple(line.strip() for line in (text or "").splitlines() if line.strip())


def addressees(text: Any) -> tuple[Addressee, ...]:
    """Return the addressees of a text with an empty line between two."""
    return tuple(Addressee(lines(block)) for block in paragraphs(text).split("\n\n") if block.strip())
