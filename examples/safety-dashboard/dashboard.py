"""Copies safety reports, and writes a page about them: python3 dashboard.py REPORTS.db PAGE.html"""

import http.client, json, os, random, re, sqlite3, sys, time, urllib.error, urllib.request
from datetime import date, datetime, timezone
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlencode

API, KEY = os.environ["PLANECONNECTION_URL"].rstrip("/") + "/api/v1", os.environ["PLANECONNECTION_KEY"].strip()
if not re.fullmatch(r"pck_(test_)?[0-9A-Za-z]{38}", KEY):
    sys.exit("PLANECONNECTION_KEY is not an API key")
SEVERITIES = ("catastrophic", "hazardous", "major", "minor", "negligible", "unassessed")
# Neither descriptions nor reporters are stored.
STORE = "REPLACE INTO reports VALUES (:id, :number, :reportType, :title, ifnull(:severity, 'unassessed'), :status, :occurredAt)"


def call(path, **query):
    """Returns the data of an answer. Tries again after faults that pass. OSError: there is no answer."""
    request = urllib.request.Request(f"{API}{path}?{urlencode(query)}")
    request.add_unredirected_header("X-API-Key", KEY)  # a redirect must not carry it to another server
    for pause in (2, 4, 8, 16, 32, None):
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as answer:
            text, wait = answer.read(2000).decode(errors="replace"), answer.headers["Retry-After"] or ""
            fault = f"{answer.code} " + re.sub(r'.*"message":"(.*?)","requestId":"(.*?)".*', r"\1 (\2)", text)
            pause = pause if answer.code in (408, 429, 500, 502, 503, 504, 507) else None
        except (OSError, http.client.HTTPException, ValueError) as lost:
            fault, wait = f"no answer: {lost}", ""
        if pause is None:
            raise OSError(fault)
        time.sleep(max(pause * random.uniform(0.5, 1), int(wait) if wait.isdecimal() else 0))


def refresh(after):
    """Reads all reports the first time, and from then on what has changed after the stored number."""
    if after is None:
        after, cursor = call("/changes", module="safety", view="ids", limit=1)["latest"], {}
        while cursor is not None:
            page = call("/sms/reports", page_size=100, **cursor)
            db.executemany(STORE, page["items"])
            cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    has_more = True
    while has_more:
        changes = call("/changes", module="safety", after=after)
        # Data of test keys can be deleted: a change "reset" is about all of it.
        db.executemany("DELETE FROM reports WHERE id = :id OR :change = 'reset'", changes["items"])
        db.executemany(STORE, [change["object"] for change in changes["items"] if change["object"]])
        after, has_more = changes["next"], changes["has_more"]
    db.execute("REPLACE INTO feed VALUES (1, ?, ?)", (after, f"{now.day} {now:%B %Y, %H:%M} UTC"))


def render(as_of, notice):
    """Returns the page. All that comes from the API is escaped."""
    months = [f"{n // 12}-{n % 12 + 1:02}" for n in range(now.year * 12 + now.month - 12, now.year * 12 + now.month)]
    counts = dict(db.execute("SELECT severity || substr(occurredAt, 1, 7), count(*) FROM reports GROUP BY 1"))
    table = {severity: [counts.get(severity + month, 0) for month in months] for severity in SEVERITIES}
    totals = [sum(column) for column in zip(*table.values())]
    bars, rows, lines, part = "", "", "", '<i class="{}" style="height:{:.1f}%"></i>'
    for month in range(12):
        parts = [part.format(severity, 100 * row[month] / max(totals)) for severity, row in table.items() if row[month]]
        bars += f"<td><div>{''.join(parts)}</div></td>"
    for severity, row in [*table.items(), ("total", totals)]:
        cells = "".join(f"<td>{count or ''}</td>" for count in [*row, sum(row)])
        rows += f'<tr><th><i class="dot {severity}"></i>{severity}</th>{cells}</tr>'
    reports = db.execute("SELECT severity, title, number, replace(reportType, '_', ' '), replace(status, '_', ' '),"
                         " substr(occurredAt, 1, 10) FROM reports WHERE status <> 'closed'"
                         " ORDER BY instr(?, severity), occurredAt", (str(SEVERITIES),)).fetchall()
    severities, ages = [row[0] for row in reports], [(now.date() - date.fromisoformat(row[-1])).days for row in reports]
    for report, age in list(zip(reports, ages))[:100]:
        severity, title, number, kind, status, day = map(escape, report)
        lines += (f'<tr><td><i class="dot {severity}"></i>{severity}</td><td>{title}<p>{number} · <span>{kind}</span></p></td>'
                  f"<td>{status}</td><td>{day}</td><td>{age} day{'s' * (age != 1)}</td></tr>")
    return Template(Path(__file__).with_name("template.html").read_text("utf-8")).substitute(
        as_of=as_of, notice=notice, bars=bars, rows=rows, reports=lines, open=len(reports), oldest=max(ages, default=0),
        severe=sum(map(severities.count, SEVERITIES[:2])), unassessed=severities.count("unassessed"),
        months="".join(f"<th>{date.fromisoformat(month + '-01'):%b}</th>" for month in months))


os.umask(0o027)  # for the group of the web server, which asks visitors to sign in
now, page, notice = datetime.now(timezone.utc), Path(sys.argv[2]), ""
db = sqlite3.connect(sys.argv[1])
db.execute("CREATE TABLE IF NOT EXISTS reports (id PRIMARY KEY, number, reportType, title, severity, status, occurredAt)")
db.execute("CREATE TABLE IF NOT EXISTS feed (id PRIMARY KEY, after, as_of)")
try:
    with db:  # all of it is stored, or nothing
        refresh(*(db.execute("SELECT after FROM feed").fetchone() or [None]))
except OSError as fault:
    print(fault, file=sys.stderr)
    notice = "The last refresh failed: these are the reports as of the time above."
for (as_of,) in db.execute("SELECT as_of FROM feed").fetchall():  # there is none before the first success
    page.with_suffix(".new").write_text(render(as_of, notice), "utf-8")
    page.with_suffix(".new").replace(page)
sys.exit(1 if notice else 0)
