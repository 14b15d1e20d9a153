from tests.services.minutes.conftest import approved, held, written

__all__ = ["approved", "held", "written"]
