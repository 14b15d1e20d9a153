"""Proposals: allowed by the clash rules, and as cheap as the solver can prove."""
