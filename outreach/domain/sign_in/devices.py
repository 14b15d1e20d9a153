"""What a browser and its system are called. Good enough to recognise one's own devices in a list; nothing is decided by it."""

# In this order: a browser names those that it resembles, too.
_BROWSERS = (
    ("EdgA", "Edge"), ("EdgiOS", "Edge"), ("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"),
    ("UCBrowser", "UC Browser"), ("FxiOS", "Firefox"), ("Firefox", "Firefox"), ("CriOS", "Chrome"), ("Chromium", "Chromium"),
    ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser_of(user_agent: str) -> str:
    """Return the browser's name, such as "Chrome"; "" if it is not known."""
    return next((name for mark, name in _BROWSERS if f"{mark}/" in user_agent), "")


def system_of(user_agent: str) -> str:
    """Return the name of the device's system, such as "Android"; "" if it is not known."""
    return next((name for mark, name in _SYSTEMS if mark in user_agent), "")
