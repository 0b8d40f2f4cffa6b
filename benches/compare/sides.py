"""What every comparison does: all cases of a subject, each measured on one side after the other.

The sides are this checkout, with `--against` another one, and the peers. The two checkouts are measured in
the order this, other, other, this, and the faster time of each counts, so that a clock that drifts
favours neither.
"""

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .common import ROOT, Ended, Side, build, chosen_peers, enter_environment, load, pin
from .rounds import Rounds


@dataclass
class Subject:
    """What is measured, by which program, beside which peers."""

    name: str
    help: str
    # What `--quick` leaves.
    quick: str
    program: str
    # LMAX of the build, given whether it is a quick run.
    lmax: Callable[[bool], int]
    cases: Callable[[bool], list[str]]
    unit: str
    digits: int
    peers: dict[str, type]
    default_peers: str
    # Whether each case needs a process of its own.
    is_fresh: bool = False
    # Ends the run if the sides disagree: of a case, this side and the peers, once all are measured.
    check: Callable | None = None


def add_to(subjects, subject):
    """The subcommand."""
    parser = subjects.add_parser(subject.name, help=subject.help, description=subject.help)
    parser.add_argument("--json", action="store_true", help="one line of JSON for each case")
    parser.add_argument("--quick", action="store_true", help=subject.quick)
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose names contain this")
    parser.add_argument(
        "--peers",
        metavar="NAMES",
        help=f"of {','.join(subject.peers)}; empty for none. Without this {subject.default_peers}, "
        "with --against none",
    )
    parser.add_argument(
        "--against",
        metavar="DIR",
        type=Path,
        help="another checkout, built in DIR/target; a ratio is the time of this one by its time",
    )
    parser.add_argument(
        "--rounds", type=int, default=1, help="with --against: so often (%(default)s unless told)"
    )
    if subject.name == "harmonics":
        parser.add_argument("--path", help="lane path: portable, neon, avx2 or avx512")
    parser.set_defaults(run=functools.partial(run, subject), path=None)


def run(subject, arguments):
    """Measures and prints all cases."""
    if arguments.rounds != 1 and not arguments.against:
        raise SystemExit("--rounds goes with --against")
    if arguments.against and not arguments.against.is_dir():
        raise SystemExit(f"--against {arguments.against}: there is no such folder")
    peers = arguments.peers
    if peers is None:
        peers = "" if arguments.against else subject.default_peers
    names = chosen_peers(peers, subject.peers)
    lmax = subject.lmax(arguments.quick)
    roots = [ROOT] + ([arguments.against.resolve()] if arguments.against else [])
    programs = [build(root, subject.program, lmax) for root in roots]
    enter_environment([subject.peers[name].packages for name in names])
    pin()
    loaded = load(names, subject.peers)
    options = [arguments.path] if arguments.path else []
    sides = [Side(program, options, subject.is_fresh) for program in programs]
    cases = [case for case in subject.cases(arguments.quick) if arguments.only in case]
    rounds = Rounds()
    for number in range(1, arguments.rounds + 1):
        if not arguments.json:
            print(header(subject, arguments, number, loaded))
        for case in cases:
            row = measure(case, sides, loaded)
            if subject.check:
                subject.check(case, sides[0], loaded)
            rounds.add(number, row)
            if arguments.rounds > 1:
                row["round"] = number
            print(json.dumps(row) if arguments.json else line(subject, row, loaded), flush=True)
    if arguments.against:
        # A reader of JSON gets a line for each case and nothing else.
        print("\n".join(rounds.summary()), file=sys.stderr if arguments.json else sys.stdout)


def measure(case, sides, peers):
    """A case on all sides; `against` is there where there is another checkout."""
    ours, limit = sides[0].measure(case)
    row = {"case": case, "ours": ours, "limit": limit}
    if len(sides) > 1:
        try:
            others = [sides[1].measure(case)[0] for _ in range(2)]
            row["ours"] = min(ours, sides[0].measure(case)[0])
            row["against"] = min(others)
        except Ended:
            # An older checkout may not know the case.
            row["against"] = None
    measured = {name: peer.measure(case) for name, peer in peers.items()}
    row["peers"] = {name: value for name, value in measured.items() if value is not None}
    return row


def header(subject, arguments, number, peers):
    """The names of the columns."""
    unit = subject.unit + (f", round {number}" if arguments.rounds > 1 else "")
    text = f"{unit:<44}{'ours':>10}{'limit':>10}{'ratio':>8}"
    if arguments.against:
        text += f"{'against':>12}{'ours/it':>9}"
    return text + "".join(f"{name:>16}{'ratio':>8}" for name in peers)


def line(subject, row, peers):
    """The numbers of a case: ratios are ours / limit, ours / against and peer / ours."""
    ours, limit = row["ours"], row["limit"]

    def columns(value, ratio, widths):
        if value is None:
            return f"{'-':>{widths[0]}}{'-':>{widths[1]}}"
        return f"{value:>{widths[0]}.{subject.digits}f}{ratio(value):>{widths[1]}.2f}"

    text = f"{row['case']:<44}{ours:>10.{subject.digits}f}"
    text += columns(limit, lambda value: ours / value, (10, 8))
    if "against" in row:
        text += columns(row["against"], lambda value: ours / value, (12, 9))
    for name in peers:
        text += columns(row["peers"].get(name), lambda value: value / ours, (16, 8))
    return text
