"""Checks of the pod with other manifests, another config, or over a longer time. As those of `run`,
each leaves a pod of the plain manifests that quotes."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rig import (
    DATA, NAMESPACE, POD, ROOT, ask, cluster, edited, inside, kubectl, logs, own_secret, pod, ready, restart,
    until,
)

TAPE = ROOT / "tests/tapes/demo_coinbase_exchange.txt"
HUGE = Path("/proc/sys/vm/nr_hugepages")


def overlay(name):
    """The overlay's set instead of the plain one, and a pod of it."""
    kubectl("apply", "-k", str(ROOT / "deploy" / "overlays" / name))
    own_secret()
    kubectl("delete", "pod", "-n", NAMESPACE, POD)


def plain():
    """Back to the plain manifests."""
    for name in ("configmap", "deployment"):
        kubectl("apply", "-f", str(ROOT / f"deploy/k8s/{name}.yaml"))
    restart()
    ready()


def configured(change, **files):
    """The config changed in the ConfigMap, and files beside it."""
    found = json.loads(kubectl("get", "configmap", "-n", NAMESPACE, "pinnaclemm-config", "-o", "json"))
    config = json.loads(found["data"]["default_config.json"])
    change(config)
    found["data"] |= {"default_config.json": json.dumps(config, indent=2), **files}
    kubectl("apply", "-f", "-", stdin=json.dumps(found))


def held(reason):
    """Held: alive and started, and not ready for that reason alone."""
    until(f"held:{reason}", lambda: ask("ready")["reasons"] == [f"held:{reason}"])
    for path in ("health", "startup"):
        inside("curl", "-fs", "-o", "/dev/null", f"http://localhost:8081/api/{path}")
    until("the probe of the start", lambda: "StartupDone" in [one["ev"] for one in pod().events()])
    assert f'"event":"held","reason":"{reason}"' in logs(), logs()
    shown = inside("curl", "-s", "http://localhost:8081/metrics")
    assert "\npinnaclemm_held 1\n" in shown, shown


def config_held():
    """a config with a fault: held, alive to the probes, nothing restarted; mended, it quotes"""
    edited('"max_order_size": 0.1,', '"max_order_size": -1,')
    kubectl("delete", "pod", "-n", NAMESPACE, POD)
    held("refused")
    assert "risk_management.limits.max_order_size = -1" in logs()
    assert pod().status()[2] == 0, "it was restarted"
    # The tools have the volume.
    assert inside("pinnaclemm-journal", "verify", DATA).startswith("whole")
    edited('"max_order_size": -1,', '"max_order_size": 0.1,')
    restart()
    ready()


def sleeps_of(thread, seconds=5):
    """How often a second that thread gives its core away by itself: one that spins never does."""
    status = f"grep -h ^voluntary $(grep -l '^{thread}$' /proc/1/task/*/comm | sed s/comm/status/)"
    count = lambda: int(inside("sh", "-c", status).split()[1])
    before = count()
    time.sleep(seconds)
    return (count() - before) / seconds


def burstable():
    """the first guide's resources: nothing spins, and log and readiness say so; own cores are refused"""
    sleeps = sleeps_of("hot")
    assert sleeps < 1, f"in the plain pod it sleeps {sleeps} times a second"
    assert ask("ready")["remarks"], ask("ready")
    overlay("burstable")
    ready()
    said = "no thread spins: 1 busy and the rest, allowed: 2 cores, a quota of 2 cores, 0.5 promised"
    assert said in logs(), logs()
    assert any(said in remark for remark in ask("ready")["remarks"]), ask("ready")
    sleeps = sleeps_of("hot")
    assert sleeps > 20, sleeps
    shown = inside("curl", "-s", "http://localhost:8081/metrics")
    for line in ("pinnaclemm_cpu_quota_cores 2", "pinnaclemm_cpu_promised_cores 0.5",
                 "pinnaclemm_cpu_exclusive 0"):
        assert f"\n{line}\n" in shown, line
    assert "\npinnaclemm_cpu_throttled_periods_total " in shown
    configured(lambda config: config["threads"].update(requireExclusiveCores=True))
    kubectl("delete", "pod", "-n", NAMESPACE, POD)
    held("shared_cores")
    assert "shared needs 2 whole cores, allowed: 2 cores, a quota of 2 cores, 0.5" in logs()
    # With cores of its own the same config starts.
    kubectl("apply", "-f", str(ROOT / "deploy/k8s/deployment.yaml"))
    restart()
    ready()
    plain()


def hugepages():
    """what is allocated lies in pages of 2 MiB, where the node has set them aside"""
    before = HUGE.read_text()
    HUGE.write_text("256")
    try:
        overlay("hugepages")
        ready()
        in_use = int(re.search(r"HugetlbPages:\s+(\d+) kB", inside("cat", "/proc/1/status"))[1])
        assert in_use >= 2048, in_use
        plain()
    finally:
        HUGE.write_text(before)


def accounts():
    """engines of two accounts side by side: each has its own pod, config, token and volume"""
    kubectl("scale", "-n", NAMESPACE, "statefulset/pinnaclemm", "--replicas=0")
    names = ["pinnaclemm-kraken", "pinnaclemm-coinbase"]
    try:
        kubectl("apply", "-k", str(ROOT / "deploy/overlays/accounts"))
        for name in names:
            kubectl("wait", "-n", NAMESPACE, "--for=condition=Ready", f"pod/{name}-0",
                    "--timeout=120s")
            assert kubectl("get", "configmap", "-n", NAMESPACE, f"pinnaclemm-config{name[10:]}")
        folders = [cluster.Pod(Path(os.environ["PINNACLE_CLUSTER"]), f"{name}-0").home / "volumes" for name in names]
        segments = [sorted((one / "pinnaclemm-data/journal").glob("*.seg")) for one in folders]
        assert all(segments) and segments[0] != segments[1], segments
    finally:
        for name in names:
            kubectl("delete", "statefulset", "-n", NAMESPACE, name, ok=False)
        kubectl("scale", "-n", NAMESPACE, "statefulset/pinnaclemm", "--replicas=1")
    until("the pod", pod)
    ready()


def unsuspended(job, seconds):
    kubectl("patch", "job", "-n", NAMESPACE, job, "-p", '{"spec":{"suspend":false}}')
    kubectl("wait", "-n", NAMESPACE, "--for=condition=complete", f"job/{job}", f"--timeout={seconds}s")


def sweep_job():
    """a sweep in four pods, merged, is the same as in one"""
    kubectl("apply", "-f", str(ROOT / "deploy/jobs/sweep.yaml"))
    files = "pinnaclemm-sweep-files"
    within = lambda *words, **how: kubectl("exec", "-i", "-n", NAMESPACE, files, "--", *words, **how)
    kubectl("wait", "-n", NAMESPACE, "--for=condition=Ready", f"pod/{files}", "--timeout=60s")
    within("sh", "-c", "mkdir -p /sweep/recordings && cat > /sweep/recordings/recording",
           stdin=TAPE.read_text())
    unsuspended("pinnaclemm-sweep", 300)
    unsuspended("pinnaclemm-sweep-merge", 60)
    merged = json.loads(within("cat", "/sweep/results/sweep.json"))
    assert len(merged["runs"]) == 8, merged
    manifest = kubectl("get", "job", "-n", NAMESPACE, "pinnaclemm-sweep", "-o", "json")
    [container] = json.loads(manifest)["spec"]["template"]["spec"]["containers"]
    words = [word.replace("/results", "/whole") for word in container["args"]
             if not word.startswith(("--shard", "--config"))]
    within("pinnaclemm", "--log-dir=/sweep/whole", *words)
    whole = json.loads(within("cat", "/sweep/whole/sweep.json"))
    assert merged["runs"] == whole["runs"], (merged, whole)
    for kind, name in [("job", "pinnaclemm-sweep"), ("job", "pinnaclemm-sweep-merge"), ("pod", files)]:
        kubectl("delete", kind, "-n", NAMESPACE, name)


def latency_job():
    """a node is measured with the pod's own resources, and held against another's figures"""
    manifest = (ROOT / "deploy/jobs/latency.yaml").read_text()
    quick = manifest.replace('value: ""', "value: --quick")
    assert quick != manifest
    job = "pinnaclemm-latency"
    waited = lambda: kubectl("wait", "-n", NAMESPACE, "--for=condition=complete", f"job/{job}",
                             "--timeout=400s", ok=False)
    kubectl("apply", "-f", "-", stdin=quick)
    assert "condition met" in waited()
    told = kubectl("logs", "-n", NAMESPACE, f"job/{job}")
    assert "tick to order, shared" in told, told
    measured = told[told.index("\n{") + 1 :]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"latency.json": measured},
                 "metadata": {"name": f"{job}-reference", "namespace": NAMESPACE}}
    kubectl("apply", "-f", "-", stdin=json.dumps(reference))
    kubectl("delete", "job", "-n", NAMESPACE, job)
    kubectl("apply", "-f", "-", stdin=quick)
    # On a machine that does other things a row may well be slower than a minute ago.
    waited()
    told = kubectl("logs", "-n", NAMESPACE, f"job/{job}")
    assert re.search(r" → .* × floor .* (same|slower|faster)\n", told), told
    kubectl("delete", "job", "-n", NAMESPACE, job)
    kubectl("delete", "configmap", "-n", NAMESPACE, f"{job}-reference")


def paper():
    """paper against a venue behind TLS with a certificate of its own: books, quotes, fills by a model"""
    shown = cluster.podman("network", "inspect", "podman", "-f", "{{range .Subnets}}{{.Gateway}}{{end}}")
    address = shown.stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, ROOT / "tests/pod/venue.py", address, folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as venue:
            try:
                port = int(venue.stdout.readline())
                paper_against(f"{address}:{port}", (Path(folder) / "ca.pem").read_text())
            finally:
                venue.kill()
    plain()


def paper_against(venue, authority):
    def change(config):
        config |= {"mode": "paper", "venue": "coinbase-exchange"}
        config["exchange"]["live"] = {
            "feedUrl": f"wss://{venue}", "restUrl": f"https://{venue}",
            "caFile": "/etc/pinnaclemm/config/ca.pem"}

    configured(change, **{"ca.pem": authority})
    # The volume is of the mode simulation: another folder on it.
    given = json.loads(kubectl("get", "statefulset", "-n", NAMESPACE, "pinnaclemm", "-o", "json"))
    [container] = given["spec"]["template"]["spec"]["containers"]
    [data] = [one for one in container["env"] if one["name"] == "PINNACLE_DATA_DIR"]
    data["value"] = f"{DATA}/paper"
    kubectl("apply", "-f", "-", stdin=json.dumps(given))
    kubectl("delete", "pod", "-n", NAMESPACE, POD)
    ready()
    version = ask("version")["data"]
    assert (version["mode"], version["venue"]) == ("paper", "coinbase-exchange"), version
    both = lambda one: one["bid"]["quote"] and one["ask"]["quote"]
    until("two quotes", lambda: both(ask("quotes")["data"][0]))
    until("a fill", lambda: ask("risk/state")["data"]["fills"] > 0)


def emergency():
    """a sync that fails: EMERGENCY SAVE in the log, everything cancelled, held; then it recovers"""
    pid = cluster.podman("inspect", "-f", "{{.State.Pid}}", POD).stdout.strip()
    inject = ["strace", "-f", "-p", pid, "-o", "/dev/null", "-e", "trace=msync", "-e",
              "inject=msync:error=EIO"]
    with subprocess.Popen(inject, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as strace:
        try:
            until("the line of the log", lambda: "EMERGENCY SAVE" in logs())
        finally:
            strace.terminate()
    held("journal_failed")
    saved = json.loads(inside("tail", "-n", "1", f"{DATA}/emergency.jsonl"))
    assert (saved["cancelAll"], saved["reason"]) == ("sent", "journal_failed"), saved
    restart()
    ready()


def log_full():
    """a log directory without room: lines are counted as lost, and it goes on quoting"""
    inside("sh", "-c", "cat /dev/zero > /var/log/pinnaclemm/ballast", ok=False)
    requests = lambda: ask("risk/state")["data"]["requests"]
    before = requests()
    until("more requests", lambda: requests() > before + 10)
    assert ask("ready")["ready"], ask("ready")
    inside("rm", "/var/log/pinnaclemm/ballast")


def memory_kept():
    """five minutes: memory does not grow, and no limit is met"""
    groups = "/sys/fs/cgroup/memory/memory"
    def own():
        return int(re.search(r"total_rss (\d+)", inside("cat", f"{groups}.stat"))[1])

    time.sleep(60)
    after_one = own()
    time.sleep(240)
    grown = own() - after_one
    assert grown < 16 << 20, f"{grown >> 20} MiB more in four minutes"
    assert int(inside("cat", f"{groups}.failcnt")) == 0
    used, limit = (int(inside("cat", f"{groups}.{name}_in_bytes")) for name in ("max_usage", "limit"))
    assert used < limit, (used, limit)
    print(f"        own memory {own() >> 20} MiB, grown by {grown >> 10} KiB in four minutes; at "
          f"most {used >> 20} of {limit >> 20} MiB, pages of files included")


ALL = [config_held, burstable, hugepages, accounts, sweep_job, latency_job, paper, emergency, log_full,
       memory_kept]
