"""The demo played to its end on a clock of its own, and checked: nothing sent twice, nothing missed."""
