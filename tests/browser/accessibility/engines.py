"""Two engines that look for accessibility problems on a page: axe, and IBM's accessibility-checker-engine.

They find different things. IBM's engine comes with the tests (vendor/), because it is not on PyPI.
"""

import gzip
import re
from functools import cache
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

ENGINE = Path(__file__).parent / "vendor" / "ace.js.gz"
# Only what is certain is a violation. Rules that say no more than "look yourself" take half of the time: they are left out,
# unless another rule depends on them. CONCERNS: the only elements that can violate a rule, which takes as long for all others.
CHECK = """async () => {
  const { violations } = await axe.run({ resultTypes: ["violations"], selectors: false });
  const CONCERNS = {
    text_spacing_valid: "[style*=important]", label_name_visible: "[aria-label], [aria-labelledby]",
  };
  const checker = new ace.Checker(), policy = "IBM_Accessibility", rules = checker.engine.ruleMap, needed = new Set();
  const fails = ({ run, messages }) =>
    /RuleFail/.test(run) || Object.keys(messages["en-US"]).some(reason => /fail/i.test(reason));
  const violates = id => Object.values(checker.ruleReasonLevels[id][policy]).includes("VIOLATION");
  const need = id => needed.has(id) || (needed.add(id), (rules[id].dependencies || []).forEach(need));
  const all = checker.rulesetRules[policy];
  all.filter(id => violates(id) && fails(rules[id])).forEach(need);
  checker.rulesetRules[policy] = all.filter(id => needed.has(id));
  for (const [id, concerned] of Object.entries(CONCERNS)) {
    const run = rules[id].run;
    rules[id].run = (context, ...others) => context.dom.node.matches(concerned) ? run(context, ...others) : null;
  }
  const { results } = await checker.check(document, [policy]);
  const closed = ({ ruleId, node }) => ruleId === "input_label_exists" && node.closest("details:not([open])");
  return {
    axe: violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
    ibm: results.filter(({ value: [policy, outcome] }) => policy === "VIOLATION" && outcome === "FAIL")
      .filter(one => !closed(one)) // a label in a closed part of a page is hidden, as its field is
      .map(({ ruleId, message, snippet }) => [ruleId, message, snippet]),
    tables: [...document.querySelectorAll("table")].filter(table => !table.querySelector("th")).map(table => table.outerHTML),
  };
}"""
# False alarms of IBM's engine: (rule, a pattern in the element's HTML), and why it is wrong.
FALSE_ALARMS = {
    (
        "element_tabbable_role_valid",
        'table-scroll|class="words"|class="poll-text"',
    ): "What scrolls must be reached by keyboard (axe: scrollable-region-focusable).",
    ("element_tabbable_role_valid", "<article"): "The calendar's drawing: its name says what pressing it does.",
    (
        "table_headers_exists",
        "<table",
    ): "It misses header cells that a phone shows beside each value. CHECK looks itself, for `tables`.",
    ("input_autocomplete_valid", 'autocomplete="username"'): "HTML allows it for a field of type email.",
    (
        "aria_content_in_landmark",
        'class="skip"',
    ): "A link to skip to the content comes before all landmarks, by WCAG's technique G1.",
    (
        "aria_form_label_unique",
        "<form (?!.*aria-label)",
    ): "A form without a name has no role (HTML-AAM), so no two are the same.",
    (
        "input_checkboxes_grouped",
        'name="pick"',
    ): "The cadres of one press stand in a group for each activity, each group with its name.",
    ("aria_landmark_name_unique", "<form (?!.*aria-label)"): "A form without a name is no landmark (HTML-AAM).",
}


def violations(page) -> dict[str, list[str]]:
    """Return what both engines find on an open page: by rule, the first characters of each element's HTML."""
    results = page.evaluate(f"window.ace && ({CHECK})()") or page.evaluate(f"{_engines()};({CHECK})()")
    found = {f"axe: {rule}": [html[:120] for html in elements] for rule, elements in results["axe"]}
    for rule, message, html in results["ibm"]:
        if not any(rule == alarm and re.search(part, html) for alarm, part in FALSE_ALARMS):
            found.setdefault(f"ibm: {rule}", []).append(f"{html[:160]} ({message})")
    if tables := results["tables"]:
        found["table without header cells"] = [html[:120] for html in tables]
    return found


@cache
def _engines() -> str:
    """Return both engines as one script, which makes `axe` and `ace` known to a page."""
    return f"{Axe().axe_script};{gzip.decompress(ENGINE.read_bytes()).decode()}"
