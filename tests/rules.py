"""`make rules`: which rules of the reference are proven by which tests, after the last run."""

import json
from collections import defaultdict
from typing import Any

from tests.support.rules_plugin import LAST_RUN

RULES = LAST_RUN.with_name("rules.json")

SECTIONS = {
    "CORE": "Principles",
    "CON": "Contacts",
    "ACC": "Accounts",
    "LEAD": "Leads",
    "INT": "Interactions",
    "GEN": "Where leads come from",
    "BPF": "Business process",
    "MAT": "Matching",
    "SCO": "Scoring",
    "RSC": "Scoring, real-time",
    "ABM": "Account-based",
    "MTL": "Market to leads",
    "FRM": "Forms",
    "FLD": "Fields",
    "SUB": "Submissions",
    "PRE": "Prefill",
    "PAG": "Pages",
    "LPC": "Page settings",
    "HST": "Hosting",
    "FSU": "Failed submissions",
    "RFM": "Forms, real-time",
    "SBL": "Subscription lists",
    "SBC": "Subscription centre",
    "PRV": "Privacy",
    "DOI": "Double opt-in",
    "RCN": "Consent, real-time",
    "EML": "Email",
    "JRN": "Journeys",
    "TRG": "Triggers",
    "RTJ": "Journeys, real-time",
    "CHN": "Channels",
    "SEG": "Segments",
    "KPI": "Figures",
    "WEB": "Web tracking",
    "EVT": "Events",
    "IMP": "Import",
    "LNK": "LinkedIn",
    "SYS": "System",
}


def proven(outcomes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return, rule by rule, its tests and whether all of them passed."""
    rules: dict[str, dict[str, Any]] = defaultdict(lambda: {"tests": [], "outcome": "passed"})
    for test, result in sorted(outcomes.items()):
        for rule in result["rules"]:
            rules[rule]["tests"].append(test)
            if result["outcome"] != "passed":
                rules[rule]["outcome"] = result["outcome"]
    return dict(sorted(rules.items(), key=lambda entry: _order(entry[0])))


def _order(rule: str) -> tuple[str, int]:
    prefix, _, number = rule.partition("-")
    return prefix, int(number)


def main() -> None:
    if not LAST_RUN.exists():
        raise SystemExit("No test run to read. Run `make test` first.")
    rules = proven(json.loads(LAST_RUN.read_text()))
    RULES.write_text(json.dumps(rules, indent=1))
    for prefix, title in SECTIONS.items():
        mine = [_shown(rule, each) for rule, each in rules.items() if _order(rule)[0] == prefix]
        if mine:
            print(f"{title:24} {prefix:5} {len(mine):4}  {' '.join(mine)}")
    passed = sum(each["outcome"] == "passed" for each in rules.values())
    print(f"\n{passed} rules are proven by passing tests; {len(rules) - passed} have a test that failed (marked !).")


def _shown(rule: str, each: dict[str, Any]) -> str:
    return rule.partition("-")[2] + ("" if each["outcome"] == "passed" else "!")


if __name__ == "__main__":
    main()
