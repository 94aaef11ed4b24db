"""What the checks of the pod are made of: the pod, the commands of its operator, waiting.

The cluster is the stand-in of tests/guide; its folder is PINNACLE_CLUSTER.
"""

import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests" / "guide"))
import cluster  # noqa: E402  (beside the stand-in for kubectl)

POD, NAMESPACE, DATA = "pinnaclemm-0", "pinnaclemm", "/data/pinnaclemm"
KUBECTL = str(ROOT / "tests" / "guide" / "kubectl")


def kubectl(*words, ok=True, stdin=None, **environment):
    done = subprocess.run([KUBECTL, *words], capture_output=True, text=True, input=stdin,
                          env={**os.environ, **environment})
    if ok and done.returncode:
        raise AssertionError(f"kubectl {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def inside(*command, ok=True):
    return kubectl("exec", "-n", NAMESPACE, POD, "--", *command, ok=ok)


def operator(verb, *words):
    said = inside("pinnaclemm", verb, "--who", "test", "--reason", "a test", *words)
    assert "taken" in said, said


def ask(path):
    """What the API says in the pod."""
    return json.loads(inside("curl", "-s", f"http://localhost:8081/api/{path}"))


def logs():
    return kubectl("logs", "-n", NAMESPACE, POD)


def pod():
    return cluster.Cluster(os.environ["PINNACLE_CLUSTER"]).pod(POD)


def until(what, test, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            found = test()
        except (AssertionError, ValueError, KeyError, cluster.Refused):
            found = None
        if found:
            return found
        assert time.monotonic() < end, f"waited {seconds} s for: {what}"
        time.sleep(0.2)


def ready():
    kubectl("wait", "-n", NAMESPACE, "--for=condition=Ready", f"pod/{POD}", "--timeout=120s")


def not_ready():
    until("not ready", lambda: not pod().status()[1])


def restart():
    kubectl("delete", "pod", "-n", NAMESPACE, POD)
    until("an answer", lambda: ask("startup")["phase"] == "running")


def holding():
    """Position and realised profit: what only fills change."""
    [one] = ask("positions")["data"]
    return one["quantity"], one["realized_pnl"], one["fees"]


def halted():
    operator("halt")
    until("no order", lambda: ask("risk/state")["data"]["open_orders"] == 0)
    return holding()


def edited(was, now):
    kubectl("edit", "configmap", "-n", NAMESPACE, "pinnaclemm-config",
            KUBE_EDITOR=f"sed -i 's/{was}/{now}/'")


def own_secret():
    made = kubectl("create", "secret", "generic", "pinnaclemm-exchange-credentials", "-n", NAMESPACE,
                   f"--from-literal=API_TOKEN={secrets.token_hex(32)}", "--dry-run=client", "-o", "yaml")
    kubectl("apply", "-f", "-", stdin=made)
