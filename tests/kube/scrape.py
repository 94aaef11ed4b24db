"""A real Prometheus scrapes a real engine, with the rules and the board of the overlay `monitoring`.

    scrape.py PROGRAM FOLDER      FOLDER has rules.yaml; what the engine has shown last is left there

Every expression finds at least one series; a halt fires its alert; and where an Alertmanager is
installed, what the engine itself raises arrives there.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "deploy/overlays/monitoring/board.json"
TOKEN = "0123456789abcdef0123456789abcdef"
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
# A rate takes two scrapes, a retention some seconds of writing.
PATIENCE = 90


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


def until(what, test):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            found = test()
        except (OSError, ValueError, KeyError):
            found = None
        if found:
            return found
        if time.monotonic() > end:
            sys.exit(f"waited {PATIENCE} s for: {what}")
        time.sleep(0.3)


def start(home, name, command):
    with open(home / f"{name}.log", "w") as log:
        return subprocess.Popen(command, cwd=home, stdout=log, stderr=log)


def engine(home, program, alerts):
    """Simulation, with a token, and told where the Alertmanager is."""
    (home / "token").write_text(TOKEN)
    (home / "token").chmod(0o600)
    config = json.loads((ROOT / "config/default_config.json").read_text())
    if ALERTMANAGER:
        url = f"http://127.0.0.1:{alerts}/api/v2/alerts"
        config["risk_management"]["alerts"]["webhook_url"] = url
    (home / "c.json").write_text(json.dumps(config))
    words = "--config c.json --data-dir d --log-dir l --api-port 0 --ws-port 0 --token-file token"
    return start(home, "engine", [program, *words.split()])


def api_of(home):
    found = re.search(r'"event":"web","api":"([^"]*)"', (home / "engine.log").read_text())
    return found and found[1]


def prometheus(home, api, port):
    rules = [str(home / "rules.yaml")]
    scrape = {"job_name": "pinnaclemm", "static_configs": [{"targets": [api]}]}
    # JSON is YAML.
    (home / "prometheus.yaml").write_text(json.dumps({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": rules, "scrape_configs": [scrape]}))
    return start(home, "prometheus", [
        "prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=tsdb",
        f"--web.listen-address=127.0.0.1:{port}"])


def expressions(home):
    """Each expression with where it stands; a comparison says 0 or 1 instead of leaving series out,
    and what is absent is looked for."""
    for group in json.loads((home / "rules.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            shown = re.sub(r"^absent\((.*)\)$", r"\1", rule["expr"])
            yield rule["alert"], re.sub(r" (==|>|<) ", r" \1 bool ", shown)
    for panel in json.loads(BOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"].replace("$pod", ".*")


def query(port, expression):
    asked = urllib.parse.urlencode({"query": expression})
    answer = json.loads(get(f"http://127.0.0.1:{port}/api/v1/query?{asked}"))
    return answer["data"]["result"]


def command(api, name):
    body = json.dumps({"reason": "a test", "who": "test"}).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    asked = urllib.request.Request(f"http://{api}/api/{name}", body, headers, method="POST")
    urllib.request.urlopen(asked, timeout=5).read()


def firing(port):
    found = json.loads(get(f"http://127.0.0.1:{port}/api/v1/alerts"))["data"]["alerts"]
    return {one["labels"]["alertname"] for one in found if one["state"] == "firing"}


def check(home, api, port, alerts):
    count = 0
    for where, expression in expressions(home):
        until(f"{where}: {expression}", lambda: query(port, expression))
        count += 1
    assert not firing(port) - {"PinnacleLimitNear"}, firing(port)
    (home / "metrics").write_text(get(f"http://{api}/metrics"))
    command(api, "risk/circuit-breaker/trip")
    command(api, "halt")
    until("alerts that fire", lambda: {"PinnacleHalted", "PinnacleBreakerOpen"} <= firing(port))
    print(f"prometheus: {count} expressions find series, a halt fires its alert")
    if not ALERTMANAGER:
        print("skipped: no Alertmanager is installed")
        return
    told = lambda: json.loads(get(f"http://127.0.0.1:{alerts}/api/v2/alerts"))
    found = until("the engine's alert at the Alertmanager", told)
    assert found[0]["labels"]["service"] == "pinnaclemm", found
    print(f"alertmanager: told of {sorted({one['labels']['alertname'] for one in found})}")


def main():
    program, home = sys.argv[1], Path(sys.argv[2])
    port, alerts = free_port(), free_port()
    running = []
    try:
        if ALERTMANAGER:
            (home / "alertmanager.yaml").write_text(
                '{"route": {"receiver": "none"}, "receivers": [{"name": "none"}]}')
            running.append(start(home, "alertmanager", [
                ALERTMANAGER, "--config.file=alertmanager.yaml", "--storage.path=am",
                "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{alerts}"]))
        running.append(engine(home, program, alerts))
        api = until("the engine", lambda: api_of(home))
        until("ready", lambda: get(f"http://{api}/api/ready"))
        running.append(prometheus(home, api, port))
        check(home, api, port, alerts)
    finally:
        for one in reversed(running):
            one.terminate()
            one.wait()


if __name__ == "__main__":
    main()
