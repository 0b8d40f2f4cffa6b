#!/usr/bin/env python3
"""Times of this library beside its peers, or beside another checkout of itself.

    python3 benches/compare.py SUBJECT [--json]         beside peers from PyPI
    python3 benches/compare.py SUBJECT --against DIR    beside the checkout in DIR
    python3 benches/compare.py growth [--svg FILE]      along one axis at a time, alone
    python3 benches/compare.py threads                  on one thread and on several, alone

The subject is `harmonics`, `tensor-products` or `neighbours`. Every case is measured for one side after
the other, on one core. Peers are installed on demand into an environment of their own in the target
folder; those that cannot be had are left out. benches/README.md says more.
"""

import argparse

from compare import growth, harmonics, neighbours, sides, tensor_products, threads


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    subjects = parser.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
    for subject in [harmonics.SUBJECT, tensor_products.SUBJECT, neighbours.SUBJECT]:
        sides.add_to(subjects, subject)
    growth.add_to(subjects)
    threads.add_to(subjects)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
