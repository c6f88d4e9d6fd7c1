"""Which rules hold for an answer, what its scores are and who looks by when, as plainly as can be (``naive``)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BAM = {
    "use": ("4", "5", "6"),
    "risk": ("1", "2", "3", "8", "11", "15"),
    "protective": ("9", "10", "12", "13", "14", "16"),
}

# rule -> severity, owner, by when (hours that pass, hours of working time, ends of working days)
TERMS: dict[str, tuple[str, str, str, float]] = {
    "self_harm_thoughts": ("crisis", "clinician", "hours", 0.25),
    "self_harm_thoughts_some": ("urgent", "clinician", "hours", 4),
    "craving_severe": ("urgent", "case-manager", "working hours", 2),
    "wants_to_talk": ("urgent", "case-manager", "working hours", 2),
    "use_reported": ("follow_up", "clinician", "working days", 1),
    "opioid_use_reported": ("follow_up", "clinician", "same working day", 0),
    "craving_high_twice": ("follow_up", "case-manager", "hours", 24),
    "craving_rose": ("follow_up", "case-manager", "hours", 24),
    "low_mood_phq9": ("follow_up", "clinician", "working days", 2),
    "low_mood_rose_phq9": ("follow_up", "clinician", "working days", 2),
    "low_mood_phq8": ("follow_up", "clinician", "working days", 2),
    "low_mood_rose_phq8": ("follow_up", "clinician", "working days", 2),
    "low_mood_screen_phq8": ("follow_up", "clinician", "working days", 2),
    "low_mood_screen_phq9": ("follow_up", "clinician", "working days", 2),
    "worry_screen": ("follow_up", "clinician", "working days", 2),
    "worry_high": ("follow_up", "clinician", "working days", 2),
    "risk_high": ("follow_up", "clinician", "working days", 2),
    "protection_low": ("follow_up", "clinician", "working days", 2),
    "silent": ("outreach", "case-manager", "working days", 1),
    "silent_long": ("review", "clinician", "working days", 1),
}


def holding(  # noqa: C901, PLR0912 (a line for each rule)
    on: date, at: datetime, values: dict[str, Any], before: list[tuple[date, datetime, dict[str, Any]]]
) -> list[str]:
    """Return the rules that hold for one submission, given the answers before it."""
    rules = []
    item_9 = values.get("phq9.9")
    if item_9 in {2, 3}:
        rules.append("self_harm_thoughts")
    if item_9 == 1:
        rules.append("self_harm_thoughts_some")
    if values.get("plan") == "talk":
        rules.append("wants_to_talk")
    if "craving" in values:
        craving = values["craving"]
        if craving >= 9:
            rules.append("craving_severe")
        yesterday = [said["craving"] for date_, _, said in before if date_ == on - DAY and "craving" in said]
        if craving >= 7 and yesterday and yesterday[-1] >= 7:
            rules.append("craving_high_twice")
        lately = [said["craving"] for _, when, said in before if "craving" in said and at - when <= 48 * HOUR]
        if lately and craving - min(lately) >= 4:
            rules.append("craving_rose")
    have = scores(values)
    low = {name: lowest for name, (lowest, _) in have.items()}
    high = {name: highest for name, (_, highest) in have.items()}
    if values.get("bam7.7e", 0) >= 1:
        rules.append("opioid_use_reported")
    if low.get("bam7.use", 0) >= 1:
        rules.append("use_reported")
    if low.get("bam7.risk", 0) >= 12:
        rules.append("risk_high")
    if high.get("bam7.protective", 99) <= 12:
        rules.append("protection_low")
    if low.get("gad7.total", 0) >= 15:
        rules.append("worry_high")
    if low.get("gad7.gad2", 0) >= 3:
        rules.append("worry_screen")
    for phq in ("phq8", "phq9"):
        if low.get(f"{phq}.total", 0) >= 15:
            rules.append(f"low_mood_{phq}")
        if low.get(f"{phq}.phq2", 0) >= 3:
            rules.append(f"low_mood_screen_{phq}")
        whole = [had[f"{phq}.total"] for _, _, said in before if f"{phq}.total" in (had := scores(said))]
        whole = [total for total in whole if total[0] == total[1]]
        if f"{phq}.total" in low and whole and low[f"{phq}.total"] - whole[-1][0] >= 5:
            rules.append(f"low_mood_rose_{phq}")
    return rules


def scores(values: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Return how low and how high each score could be, whatever was left out."""
    found = {}
    bam = {name[5:]: value for name, value in values.items() if name.startswith("bam7.")}
    if bam.get("4") == 0 and "5" not in bam:
        bam["5"] = 0
    for score, items in BAM.items():
        told = [bam[item] for item in items if item in bam]
        if told:
            found[f"bam7.{score}"] = (sum(told), sum(told) + 4 * (len(items) - len(told)))
    for name, short, most in (("phq8", "phq2", 8), ("phq9", "phq2", 9), ("gad7", "gad2", 7)):
        for score, last in ((short, 2), ("total", most)):
            told = [values[f"{name}.{item}"] for item in range(1, last + 1) if f"{name}.{item}" in values]
            if told:
                found[f"{name}.{score}"] = (sum(told), sum(told) + 3 * (last - len(told)))
    return found
