"""A cluster of one node for tests: objects in a folder, and pods that a mini kubelet runs with podman.

The kubelet is `mini_kubelet.py` of the folder that PINNACLE_LAB names (default: ../shared/lab beside
the project). What a control plane does beside it is here, as far as our guides need it: the pod of a
StatefulSet is started and started again, a mounted ConfigMap or Secret follows its object, a budget
refuses an eviction. Nothing is scheduled, admitted or defaulted.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
KUBELET = Path(os.environ.get("PINNACLE_LAB", ROOT.parent / "shared" / "lab")) / "mini_kubelet.py"
# How the kubelet names the pod of its StatefulSet; here it is told.
POD_NAME = 's.name = sts["metadata"]["name"] + "-0"'


class Refused(Exception):
    """What a cluster would say no to."""


def podman(*arguments, **how):
    return subprocess.run(["podman", *arguments], capture_output=True, text=True, **how)


class Pod:
    """A pod, in a folder of its own: its volumes outlive it."""

    def __init__(self, home, name):
        self.home, self.name = home / "pods" / name, name
        self.home.mkdir(parents=True, exist_ok=True)

    def pid(self):
        """The kubelet of a pod that is there."""
        try:
            pid = int((self.home / "pid").read_text())
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, ValueError):
            return None
        return None if state == "Z" else pid

    def start(self, objects):
        source = KUBELET.read_text()
        if POD_NAME not in source:
            raise Refused(f"{KUBELET} does not name its pod as it did: see POD_NAME")
        program = self.home / "kubelet.py"
        program.write_text(source.replace(POD_NAME, f"s.name = {self.name!r}"))
        manifests = self.home / "manifests.yaml"
        manifests.write_text(yaml.safe_dump_all(objects))
        if (self.home / "events").exists():
            (self.home / "events").replace(self.home / "ended")
        # A kubelet would wait 10 s, then 20, before it starts a container again.
        state = ["--state", self.home / "volumes", "--log", self.home / "log", "--backoff", "5"]
        with open(self.home / "events", "w") as events, open(self.home / "errors", "w") as errors:
            kubelet = subprocess.Popen(
                [sys.executable, program, *state, manifests],
                stdin=subprocess.DEVNULL, stdout=events, stderr=errors, start_new_session=True)
        (self.home / "pid").write_text(str(kubelet.pid))

    def stop(self):
        """SIGTERM to the pod, and what its grace period allows."""
        pid = self.pid()
        if pid:
            os.kill(pid, signal.SIGTERM)
        while self.pid():
            time.sleep(0.05)

    def events(self):
        try:
            lines = (self.home / "events").read_text().splitlines()
        except OSError:
            return []
        return [json.loads(line) for line in lines if line.endswith("}")]

    def status(self):
        """Phase, readiness, restarts."""
        phase, ready, restarts = "Pending", False, 0
        unprobed = "readinessProbe" not in (self.home / "manifests.yaml").read_text()
        for event in self.events():
            match event["ev"]:
                case "Started":
                    phase, ready, restarts = "Running", unprobed, event["restarts"]
                case "Ready":
                    ready = True
                case "NotReady":
                    ready = False
                case "Exited":
                    phase, ready = "Error", False
                case "BackOff":
                    phase = "CrashLoopBackOff"
                case "Killing":
                    phase, ready = "Terminating", False
        return phase, ready, restarts

    def address(self):
        shown = podman("inspect", "-f", "{{.NetworkSettings.IPAddress}}", self.name)
        if shown.returncode or not shown.stdout.strip():
            raise Refused(f"pod {self.name} has no address")
        return shown.stdout.strip()


class Cluster:
    """Objects by kind and name, and the pods that they ask for."""

    def __init__(self, home):
        self.home = Path(home)
        (self.home / "objects").mkdir(parents=True, exist_ok=True)

    def path(self, kind, name):
        return self.home / "objects" / f"{kind}.{name}.yaml"

    def get(self, kind, name):
        try:
            return yaml.safe_load(self.path(kind, name).read_text())
        except FileNotFoundError:
            raise Refused(f"{kind.lower()}s {name!r} not found") from None

    def all(self, kind):
        paths = sorted((self.home / "objects").glob(f"{kind}.*.yaml"))
        return [yaml.safe_load(path.read_text()) for path in paths]

    def put(self, given):
        """Keeps an object, and does what it asks for; what came of it."""
        kind, meta = given["kind"], given["metadata"]
        namespace = meta.get("namespace")
        if kind != "Namespace":
            self.get("Namespace", namespace or "default")
        path = self.path(kind, meta["name"])
        before = yaml.safe_load(path.read_text()) if path.exists() else None
        path.write_text(yaml.safe_dump(given, sort_keys=False))
        if kind in ("StatefulSet", "Pod"):
            self.reconcile()
        if kind == "Job" and not given["spec"].get("suspend"):
            self.run_job(meta["name"])
        if kind in ("ConfigMap", "Secret") and before:
            self.remount(given)
        return "created" if before is None else "unchanged" if before == given else "configured"

    def remove(self, kind, name):
        self.get(kind, name)
        self.path(kind, name).unlink()
        if kind == "Job":
            shutil.rmtree(self.job(name), ignore_errors=True)
        self.reconcile()

    def wanted(self):
        """The pods that there should be, each with the object that its kubelet reads."""
        found = {}
        for one in self.all("StatefulSet"):
            for ordinal in range(one["spec"].get("replicas", 1)):
                found[f"{one['metadata']['name']}-{ordinal}"] = one
        for one in self.all("Pod"):
            found[one["metadata"]["name"]] = one
        return found

    def pod(self, name):
        found = Pod(self.home, name)
        if not found.pid():
            raise Refused(f"pods {name!r} not found")
        return found

    def pods(self):
        names = sorted(path.name for path in (self.home / "pods").glob("*"))
        return [pod for pod in (Pod(self.home, name) for name in names) if pod.pid()]

    def reconcile(self):
        """Starts what is missing and stops what is too much. A changed template restarts nothing:
        the strategy of our StatefulSet is OnDelete."""
        wanted = self.wanted()
        for pod in self.pods():
            if pod.name not in wanted:
                pod.stop()
        for name, one in wanted.items():
            pod = Pod(self.home, name)
            if pod.pid() or (self.home / "cordoned").exists():
                continue
            if one["kind"] == "Pod":
                one = self.claiming(one, pod)
            pod.start([one, *self.all("ConfigMap"), *self.all("Secret")])

    def claiming(self, given, pod):
        """A bare pod as a set of one."""
        spec, claims = self.claims(given["spec"], pod.home / "volumes")
        return {"kind": "StatefulSet", "metadata": given["metadata"],
                "spec": {"template": {"spec": spec}, "volumeClaimTemplates": claims}}

    def claims(self, spec, place):
        """The claims of a pod as templates of a set, their volumes in its place."""
        claims = []
        for volume in [one for one in spec.get("volumes", []) if "persistentVolumeClaim" in one]:
            spec["volumes"].remove(volume)
            folder = self.claimed(volume["persistentVolumeClaim"]["claimName"])
            place.mkdir(exist_ok=True)
            link = place / volume["name"]
            if not link.is_symlink():
                link.symlink_to(folder)
            claims.append({"metadata": {"name": volume["name"]}, "spec": {}})
        return spec, claims

    def claimed(self, claim):
        """The volume of a claim: a folder of its own, or of the pod of a set that it is of."""
        folder = self.home / "claims" / claim
        if self.path("PersistentVolumeClaim", claim).exists():
            folder.mkdir(parents=True, exist_ok=True)
            return folder
        for owner in (self.home / "pods").iterdir():
            template = claim.removesuffix(f"-{owner.name}")
            if template != claim:
                break
        else:
            raise Refused(f"persistentvolumeclaims {claim!r} not found")
        if Pod(self.home, owner.name).pid():
            raise Refused(f"the volume of {claim} is in use by {owner.name}")
        (owner / "volumes" / template).mkdir(parents=True, exist_ok=True)
        return owner / "volumes" / template

    def job(self, name):
        """The folder of a job."""
        return self.home / "jobs" / name

    def run_job(self, name):
        """Its pods are run one after the other, by a process of its own."""
        if self.job(name).exists():
            return
        self.job(name).mkdir(parents=True)
        with open(self.job(name) / "errors", "w") as errors:
            program = Path(__file__).with_name("jobs.py")
            process = subprocess.Popen([sys.executable, program, self.home, name],
                                       stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                       start_new_session=True)
        (self.job(name) / "pid").write_text(str(process.pid))

    def job_codes(self, name):
        """With which codes its pods have ended; nothing before all have."""
        self.get("Job", name)
        try:
            return json.loads((self.job(name) / "codes").read_text())
        except FileNotFoundError:
            return None

    def remount(self, given):
        """What is mounted of an object follows it, as a kubelet does within a minute or so."""
        kind, name = given["kind"], given["metadata"]["name"]
        data = {key: text.encode() for key, text in given.get("data", {}).items()}
        if kind == "Secret":
            data = {key: base64.b64decode(text) for key, text in data.items()}
        for pod in self.pods():
            wanted = self.wanted().get(pod.name, {}).get("spec", {})
            for volume in wanted.get("template", {}).get("spec", wanted).get("volumes", []):
                source = volume.get("configMap", {}).get("name") or volume.get("secret", {}).get(
                    "secretName")
                if source != name or (kind == "Secret") != ("secret" in volume):
                    continue
                folder = pod.home / "volumes" / volume["name"]
                old = (folder / "..data").resolve()
                mode = next(old.iterdir()).stat()
                new = folder / f"..{time.time_ns()}"
                new.mkdir()
                for key, text in data.items():
                    (new / key).write_bytes(text)
                    os.chmod(new / key, mode.st_mode & 0o777)
                    os.chown(new / key, mode.st_uid, mode.st_gid)
                    if not (folder / key).is_symlink():
                        (folder / key).symlink_to(f"..data/{key}")
                (folder / "..next").symlink_to(new.name)
                (folder / "..next").replace(folder / "..data")

    def stop(self):
        for pod in self.pods():
            pod.stop()
