"""What rules can be about: the questions and scores of the forms (a test holds this to them)."""

_BAM = ("1", "2", "3", "4", "5", "6", *(f"7{part}" for part in "abcdefg"), *map(str, range(8, 18)))

NAMES = (
    "mood",
    "craving",
    "plan",
    "homework",
    "goal_step",
    *(f"bam7.{name}" for name in (*_BAM, "use", "risk", "protective")),
    *(f"phq9.{name}" for name in (*map(str, range(1, 10)), "phq2", "total")),
    *(f"phq8.{name}" for name in (*map(str, range(1, 9)), "phq2", "total")),
    *(f"gad7.{name}" for name in (*map(str, range(1, 8)), "gad2", "total")),
)
"""As forms name them: ``{instrument}.{item}`` and ``{instrument}.{score}``, and a form's own questions."""
