"""Every page with a list has it as a file as well, or a reason why not. The files themselves: test_exports.py."""

import inspect
import re

from outreach.settings import TEMPLATES

# Pages with a table or with numbered pages that are no list of records, and why.
NO_LISTS = {
    "activities.move": "a preview",
    "calendar.index": "the list of activities is the file; the calendar has feeds",
    "calendar.move": "a preview",
    "consents.edit": "what one person consented to; it is in their copy",
    "invitations.names_paper": "a paper form",
    "invitations.remind": "a preview",
    "kla.choose": "a form over the activities of a year",
    "kla.indicator": "what is missing of each activity; the ZIP beside it has that as a list",
    "ladders.index": "settings",
    "mailbox.index": "the demo's mails",
    "messages.show": "one mail",
    "overview.index": "its lists have pages of their own",
    "people.import_": "a form with an example",
    "placements.take": "a preview",
    "polls.open_poll": "a preview",
    "posts.show": "the list of posts has every holder",
    "programmes.copy": "a form",
    "retention.index": "settings, with a log of what was erased",
    "signins.index": "the devices of one account; the list of security events is the file",
    "signins.of_other": "the same of another account",
}


def test_every_page_with_a_list_has_it_as_a_file(app):
    """A view lists records if its template has a table or numbered pages. It then answers with a file as well."""
    without = set()
    for endpoint in {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}:
        own = inspect.unwrap(app.view_functions[endpoint])
        if not own.__module__.startswith("outreach.web"):
            continue
        source = inspect.getsource(own)
        module = inspect.getsource(inspect.getmodule(own))
        for helper in set(re.findall(r"\b(_\w+)\(", source)):
            found = re.search(rf"^def {helper}\(.*?(?=^\S|\Z)", module, re.MULTILINE | re.DOTALL)
            source += found[0] if found else ""
        for name in re.findall(r'render_template\(\s*"([^"]+)"', source):
            template = (TEMPLATES / name).read_text("utf-8")
            if re.search(r"ui\.pager\(|<table", template) and not re.search(r"file\.asked\(\)|_asked\(\)", source):
                without.add(endpoint)
    assert without == set(NO_LISTS)
