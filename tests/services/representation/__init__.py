"""Who comes in whose place, in any order of events."""
