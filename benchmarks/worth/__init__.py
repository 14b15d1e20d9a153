"""What a part of the product that is beyond the need gains at its own purpose: the same work with the part and without it.

The product has no switch for these parts. A benchmark here swaps the part, in turn, in one run on one machine. Named
benchmarks only; they are no part of a run of all.
"""
