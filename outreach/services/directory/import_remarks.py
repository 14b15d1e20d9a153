"""What an import says about a row: why it was refused, or a note on an accepted row."""

from outreach.domain.directory.email_addresses import AddressInDoubt, AddressInvalid
from outreach.domain.problems import Problem
from outreach.services.directory.regions import KelurahanAmbiguous, UnknownKelurahan


class ImportNameMissing(Problem):
    message = "There is no name. Please write the full name of this person."


class ImportNotAName(Problem):
    message = "“%(name)s” is not a name. Please write the full name of this person."


class NameTooLong(Problem):
    message = "The name is too long. Please write at most 160 characters, and titles of at most 60."


class ImportKelurahanMissing(Problem):
    message = "There is no kelurahan. A cadre belongs to one; please write it."


class Undecided(Problem):
    message = "This may be %(name)s, who is in the list already. Nobody has chosen yet whether it is the same person."


# The heading above all rows that are refused for the same reason. The row's own sentence is its problem's message.
REASONS: dict[type[Problem], str] = {
    ImportNameMissing: "The name is missing",
    ImportNotAName: "This is not a name",
    NameTooLong: "The name is too long",
    ImportKelurahanMissing: "The kelurahan is missing",
    UnknownKelurahan: "There is no such kelurahan here",
    KelurahanAmbiguous: "There is more than one such kelurahan",
    AddressInvalid: "This is not an e-mail address",
    AddressInDoubt: "This e-mail address looks mistyped",
    Undecided: "Not chosen yet whether it is the same person",
}


def reason(problem: Problem) -> str:
    """Return the message id of the heading for rows that are refused for this reason."""
    return next((said for kind, said in REASONS.items() if isinstance(problem, kind)), problem.message)


class ImportNote(Problem):
    """A note on an accepted row. It has a message like a problem, but refuses nothing."""


class RowRepeated(ImportNote):
    message = "This is the same person as in row %(row)s."


class RowRepeatedInSheet(RowRepeated):
    message = "This is the same person as in row %(row)s of the sheet “%(sheet)s”."


class RowAdds(ImportNote):
    message = "This is the same person as in row %(row)s; what is new here is added there."


class NamesakeInFile(ImportNote):
    message = (
        "Row %(row)s has the same name and kelurahan, with another phone number or address. They count as two people."
    )


class PerhapsInFile(ImportNote):
    message = (
        "Row %(row)s, “%(name)s”, has the same phone number or address and a similar name: perhaps the same person."
    )


class PhoneLeftOut(ImportNote):
    message = "The phone number “%(phone)s” cannot be right and was left out."


class OtherKecamatan(ImportNote):
    message = "%(kelurahan)s lies in kecamatan %(kecamatan)s, not in “%(written)s”."


class KindUnknown(ImportNote):
    message = "The kind of cadre “%(written)s” is not known here and counts as other."


class OrganisationUnknown(ImportNote):
    message = "“%(written)s” is not among the organisations and was left out."


class AddressShared(ImportNote):
    message = "Shares the address %(email)s with %(name)s."
