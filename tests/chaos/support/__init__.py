"""What the chaos tests use: the processes (harness.py, sink.py), the stories (story.py), what must come of them (truth.py)."""
