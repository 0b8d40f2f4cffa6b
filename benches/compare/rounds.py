"""What several rounds of `--against` say together: how much slower or faster this checkout is."""

import math

# A case that takes more than this times as long as in the other checkout is slower.
SLOWER = 1.05


class Rounds:
    """The ratios of all cases, round by round."""

    def __init__(self):
        self.ratios = {}

    def add(self, number, row):
        """Takes a case of a round, if both sides have it."""
        # `memory` is a size and no time: it is in the table, and not in the mean of times.
        if row.get("against") and not row["case"].startswith("memory/"):
            self.ratios.setdefault(number, {})[row["case"]] = row["ours"] / row["against"]

    def summary(self):
        """Lines of text."""
        for number, ratios in self.ratios.items():
            mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios))
            slower = {case: ratio for case, ratio in ratios.items() if ratio > SLOWER}
            yield (
                f"round {number}: ours / against is {mean:.3f} in the geometric mean of "
                f"{len(ratios)} cases; {len(slower)} slower by more than 5 %"
            )
            if len(self.ratios) == 1:
                yield from (f"  {case}: {ratio:.3f}" for case, ratio in slower.items())
        if not self.ratios:
            yield "no case is on both sides"
        if len(self.ratios) > 1:
            yield from self.always_slower()

    def always_slower(self):
        """The cases that are slower in every round."""
        rounds = list(self.ratios.values())
        found = [case for case in rounds[0] if all(r.get(case, 0) > SLOWER for r in rounds)]
        yield f"slower by more than 5 % in each of {len(rounds)} rounds: {len(found)}"
        for case in found:
            yield f"  {case}: " + ", ".join(f"{ratios[case]:.3f}" for ratios in rounds)
