"""Remarks of an import on a row: why it was refused, or what to know about an accepted one."""

from outreach.domain.problems import Problem


class ImportNameMissing(Problem):
    message = "There is no name. Please write the full name of this person."


class ImportNotAName(Problem):
    message = "“%(name)s” is not a name. Please write the full name of this person."


class NameTooLong(Problem):
    message = "The name is too long. Please write at most 160 characters, and titles of at most 60."


class ImportKelurahanMissing(Problem):
    message = "There is no kelurahan. A cadre belongs to one; please write it."


class RowRepeated(Problem):
    message = "This is the same person as in row %(row)s."


class RowRepeatedInSheet(RowRepeated):
    message = "This is the same person as in row %(row)s of the sheet “%(sheet)s”."


class PersonKnown(Problem):
    message = "%(name)s is among the people already, with the same data."


class ImportNote(Problem):
    """A note on an accepted row. It has a message like a problem, but refuses nothing."""


class PhoneLeftOut(ImportNote):
    message = "The phone number “%(phone)s” cannot be right and was left out."


class NoContact(ImportNote):
    message = "Neither an e-mail address nor a phone number: nobody can be reached."


class NameRespelt(ImportNote):
    message = "“%(written)s” is taken as %(name)s."


class KelurahanRespelt(ImportNote):
    message = "Kelurahan “%(written)s” is taken as %(name)s."


class OtherKecamatan(ImportNote):
    message = "%(kelurahan)s lies in kecamatan %(kecamatan)s, not in “%(written)s”."


class KindUnknown(ImportNote):
    message = "The kind of cadre “%(written)s” is not known here and counts as other."


class OrganisationUnknown(ImportNote):
    message = "“%(written)s” is not among the organisations and was left out."


class AddressShared(ImportNote):
    message = "Shares the address %(email)s with %(name)s."


class RoleAdded(ImportNote):
    message = "Known already: gets a further role as a cadre."


class ContactAdded(ImportNote):
    message = "Known already: gets the missing e-mail address or phone number."
