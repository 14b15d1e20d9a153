"""Pages of reminder rules and mail texts."""
