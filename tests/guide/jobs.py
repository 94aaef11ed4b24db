"""A Job, run from its manifest: its pods one after the other, as the mini kubelet reads a pod.

    jobs.py CLUSTER NAME

What the Job controller does beside it is here, as far as our manifests need it: the index of each
pod, its name, its end. Nothing is tried again. The log of each pod and the codes with which they have
ended lie in the folder of the job.
"""

import copy
import json
import re
import subprocess
import sys
from types import SimpleNamespace

import yaml
from cluster import KUBELET, Cluster

INDEX = "batch.kubernetes.io/job-completion-index"


def kubelet():
    """The lab's reading of a pod: all of its program but the start."""
    source = KUBELET.read_text()
    scope = {"__name__": "kubelet"}
    exec(compile(source[: source.index("\nap = argparse")], KUBELET, "exec"), scope)
    return scope["Pod"]


def expand(text, values):
    """$(NAME) as a kubelet does it: what is not known stays."""
    return re.sub(r"\$\((\w+)\)", lambda found: values.get(found[1], found[0]), text)


def pod_of(cluster, job, index):
    """The template as a set of one, with what the controller and the kubelet put in."""
    spec = copy.deepcopy(job["spec"]["template"]["spec"])
    [container] = spec["containers"]
    env = container.setdefault("env", [])
    for one in env:
        field = one.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
        if field == f"metadata.annotations['{INDEX}']":
            del one["valueFrom"]
            one["value"] = str(index)
    if job["spec"].get("completionMode") == "Indexed":
        env.append({"name": "JOB_COMPLETION_INDEX", "value": str(index)})
    values = {one["name"]: one["value"] for one in env if "value" in one}
    for key in ("command", "args"):
        if key in container:
            container[key] = [expand(word, values) for word in container[key]]
    for volume in spec.get("volumes", []):
        source = volume.get("configMap", {})
        if source.get("optional") and not cluster.path("ConfigMap", source["name"]).exists():
            del volume["configMap"]
            volume["emptyDir"] = {}
    return spec


def run(cluster, name):
    job = cluster.get("Job", name)
    home = cluster.job(name)
    codes = []
    for index in range(job["spec"].get("completions", 1)):
        state = home / f"volumes-{index}"
        state.mkdir()
        spec, claims = cluster.claims(pod_of(cluster, job, index), state)
        meta = {**job["metadata"], "name": f"{name}-{index}"}
        one = {"kind": "StatefulSet", "metadata": meta,
               "spec": {"template": {"spec": spec}, "volumeClaimTemplates": claims}}
        manifests = home / f"{index}.yaml"
        manifests.write_text(yaml.safe_dump_all(
            [one, *cluster.all("ConfigMap"), *cluster.all("Secret")]))
        given = SimpleNamespace(state=str(state), manifests=[manifests], no_net=True,
                                cpu_manager="static")
        pod = kubelet()(given)
        pod.name = meta["name"]
        pod.volumes()
        with open(home / f"log-{index}", "w") as log:
            words = pod.args(spec["containers"][0])
            command = ["podman", "run", "--replace", "--rm", "--no-healthcheck", *words]
            codes.append(subprocess.run(command, stdout=log, stderr=log).returncode)
        for folder in pod.vol.values():
            subprocess.run(["umount", "-q", folder], check=False)
    (home / "codes").write_text(json.dumps(codes))


if __name__ == "__main__":
    run(Cluster(sys.argv[1]), sys.argv[2])
