"""The reference: a bare Flask page that shows forty rows through Jinja. No database, no extension, no session."""

from flask import Flask, render_template_string

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Forty rows</title></head>
<body>
<table>
{% for row in rows %}
<tr><td>{{ row.number }}</td><td>{{ row.name }}</td><td>{{ row.place }}</td><td>{{ row.time }}</td></tr>
{% endfor %}
</table>
</body>
</html>
"""
ROWS = [
    {"number": n, "name": f"Activity number {n}", "place": f"Hall {n % 7} & annex", "time": f"{8 + n % 9:02}:00"}
    for n in range(1, 41)
]

app = Flask(__name__)


@app.get("/")
def rows() -> str:
    return render_template_string(PAGE, rows=ROWS)
