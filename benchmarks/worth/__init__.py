"""What each special part of the product gains: the same work with the part and without it.

The product has no switch for these parts. A benchmark here swaps the part, in turn, in one run on one machine. Named
benchmarks only; they are no part of a run of all.
"""
