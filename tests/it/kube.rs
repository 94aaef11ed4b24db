//! The manifests in `deploy/k8s`: every field is one that Kubernetes has, and they are true to one
//! another, to the guide that they were written for, and to the image.
//!
//! That they do in a pod what they say is shown by `tests/pod`.

#![expect(clippy::unwrap_used, reason = "a test")]

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{
    ConfigMap, Container, Namespace, PodSpec, Probe, Secret, Service,
};
use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyPort};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// In the order in which the guide applies them.
const FILES: [&str; 7] = [
    "namespace.yaml",
    "secret.yaml",
    "configmap.yaml",
    "deployment.yaml",
    "service.yaml",
    "networkpolicy.yaml",
    "pdb.yaml",
];

pub(crate) fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The objects of a file, untyped.
fn documents(name: &str) -> Vec<Value> {
    parsed(name, &read(&format!("deploy/k8s/{name}")))
}

/// The objects of a text.
pub(crate) fn parsed(name: &str, text: &str) -> Vec<Value> {
    let read = serde_saphyr::from_multiple(text);
    read.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Where what was given is not in what was understood: a field that the type does not have.
fn lost(given: &Value, understood: &Value, path: &str, found: &mut Vec<String>) {
    match (given, understood) {
        (Value::Object(given), Value::Object(understood)) => {
            for (key, value) in given {
                let path = format!("{path}.{key}");
                match understood.get(key) {
                    Some(known) => lost(value, known, &path, found),
                    None => found.push(path),
                }
            }
        }
        (Value::Array(given), Value::Array(understood)) if given.len() == understood.len() => {
            for (at, (given, understood)) in given.iter().zip(understood).enumerate() {
                lost(given, understood, &format!("{path}[{at}]"), found);
            }
        }
        (given, understood) if given == understood => {}
        _ => found.push(format!("{path}: {given} became {understood}")),
    }
}

/// An object of a type, with nothing in it that the type does not have.
pub(crate) fn typed<T: DeserializeOwned + Serialize>(given: &Value) -> T {
    let kind = &given["kind"];
    let object: T =
        serde_json::from_value(given.clone()).unwrap_or_else(|error| panic!("{kind}: {error}"));
    let mut found = Vec::new();
    lost(given, &serde_json::to_value(&object).unwrap(), "", &mut found);
    assert!(found.is_empty(), "{kind}: {found:?}");
    object
}

/// The only object of a file.
pub(crate) fn only<T: DeserializeOwned + Serialize>(name: &str) -> T {
    let all = documents(name);
    assert_eq!(all.len(), 1, "{name}");
    typed(&all[0])
}

pub(crate) fn set() -> StatefulSet {
    only("deployment.yaml")
}

pub(crate) fn pod() -> PodSpec {
    set().spec.unwrap().template.spec.unwrap()
}

pub(crate) fn container() -> Container {
    let mut all = pod().containers;
    assert_eq!(all.len(), 1, "a second container would take the pod its exclusive cores");
    all.remove(0)
}

fn services() -> Vec<Service> {
    documents("service.yaml").iter().map(typed).collect()
}

/// A quantity in its unit: bytes, or thousandths of a CPU.
pub(crate) fn quantity(quantity: &Quantity, unit: u64) -> u64 {
    let digits = quantity.0.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let times = match &quantity.0[digits.len()..] {
        "" => unit,
        "m" => 1,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        other => panic!("{other}"),
    };
    digits.parse::<u64>().unwrap() * times
}

#[test]
fn every_object_is_typed_named_and_labelled() {
    let mut kinds = Vec::new();
    for file in FILES {
        for object in documents(file) {
            let kind = object["kind"].as_str().unwrap();
            match kind {
                "Namespace" => drop(typed::<Namespace>(&object)),
                "Secret" => drop(typed::<Secret>(&object)),
                "ConfigMap" => drop(typed::<ConfigMap>(&object)),
                "StatefulSet" => drop(typed::<StatefulSet>(&object)),
                "Service" => drop(typed::<Service>(&object)),
                "NetworkPolicy" => drop(typed::<NetworkPolicy>(&object)),
                "PodDisruptionBudget" => drop(typed::<PodDisruptionBudget>(&object)),
                other => panic!("{file} holds a {other}"),
            }
            let meta = &object["metadata"];
            assert_eq!(meta["labels"]["app"], "pinnaclemm", "{kind}");
            let namespace = if kind == "Namespace" { Value::Null } else { json!("pinnaclemm") };
            assert_eq!(meta["namespace"], namespace, "{kind}");
            kinds.push(format!("{kind} {}", meta["name"].as_str().unwrap()));
        }
    }
    let expected = [
        "Namespace pinnaclemm",
        "Secret pinnaclemm-exchange-credentials",
        "ConfigMap pinnaclemm-config",
        "StatefulSet pinnaclemm",
        "Service pinnaclemm",
        "Service pinnaclemm-ws",
        "Service pinnaclemm-api",
        "NetworkPolicy pinnaclemm",
        "PodDisruptionBudget pinnaclemm",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn kustomize_applies_the_same_files_and_there_are_no_others() {
    let kustomization = &documents("kustomization.yaml")[0];
    assert_eq!(kustomization["resources"], json!(FILES));
    let all = fs::read_dir(root("deploy/k8s")).unwrap();
    let mut all: Vec<_> =
        all.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    all.sort();
    let mut expected: Vec<_> = FILES.into_iter().chain(["kustomization.yaml"]).collect();
    expected.sort_unstable();
    assert_eq!(all, expected);
}

#[test]
fn there_is_one_pod_and_nothing_but_an_operator_restarts_it() {
    let spec = set().spec.unwrap();
    assert_eq!(spec.replicas, Some(1));
    assert_eq!(spec.pod_management_policy.as_deref(), Some("OrderedReady"));
    assert_eq!(spec.update_strategy.unwrap().type_.as_deref(), Some("OnDelete"));
    let kept = spec.persistent_volume_claim_retention_policy.unwrap();
    assert_eq!(kept.when_deleted.as_deref(), Some("Retain"));
    assert_eq!(kept.when_scaled.as_deref(), Some("Retain"));
    let budget: PodDisruptionBudget = only("pdb.yaml");
    let budget = budget.spec.unwrap();
    assert_eq!(budget.min_available, Some(IntOrString::Int(1)));
    // Otherwise a drain may evict an engine that is halted and holds a position.
    assert_eq!(budget.unhealthy_pod_eviction_policy, None);
}

#[test]
fn selectors_find_the_pod() {
    let spec = set().spec.unwrap();
    let labels = spec.template.metadata.unwrap().labels.unwrap();
    let check = |name: &str, wanted: BTreeMap<String, String>| {
        assert!(!wanted.is_empty(), "{name}");
        let is_found = wanted.iter().all(|(key, value)| labels.get(key) == Some(value));
        assert!(is_found, "{name}: {wanted:?} is not in {labels:?}");
    };
    let of = |selector: LabelSelector| {
        assert_eq!(selector.match_expressions, None);
        selector.match_labels.unwrap_or_default()
    };
    check("the set", of(spec.selector));
    let budget: PodDisruptionBudget = only("pdb.yaml");
    check("the budget", of(budget.spec.unwrap().selector.unwrap()));
    let policy: NetworkPolicy = only("networkpolicy.yaml");
    check("the policy", of(policy.spec.unwrap().pod_selector.unwrap_or_default()));
    for service in services() {
        check("a service", service.spec.unwrap().selector.unwrap());
    }
}

#[test]
fn services_lead_to_the_ports_of_the_guide_also_when_it_is_not_ready() {
    let ports: BTreeMap<_, _> = container()
        .ports
        .unwrap()
        .into_iter()
        .map(|port| (port.name.unwrap(), port.container_port))
        .collect();
    let named = |name: &str, number| (name.to_owned(), number);
    assert_eq!(ports, BTreeMap::from([named("websocket", 8080), named("api", 8081)]));
    let mut told = Vec::new();
    for service in services() {
        let (name, spec) = (service.metadata.name.unwrap(), service.spec.unwrap());
        assert_eq!(spec.publish_not_ready_addresses, Some(true), "{name}");
        let is_headless = spec.cluster_ip.as_deref() == Some("None");
        assert_eq!(is_headless, set().spec.unwrap().service_name == Some(name.clone()), "{name}");
        for port in spec.ports.unwrap() {
            let Some(IntOrString::String(target)) = port.target_port else {
                panic!("{name}: a port without the name of its target")
            };
            assert_eq!(ports[&target], port.port, "{name}");
            told.push(format!("{name} {}", port.port));
        }
    }
    let expected =
        ["pinnaclemm 8080", "pinnaclemm 8081", "pinnaclemm-ws 8080", "pinnaclemm-api 8081"];
    assert_eq!(told, expected);
}

#[test]
fn whole_cpus_are_guaranteed() {
    let resources = container().resources.unwrap();
    let limits = resources.limits.unwrap();
    assert_eq!(resources.requests.as_ref(), Some(&limits));
    let cpu = quantity(&limits["cpu"], 1000);
    assert_eq!((cpu, cpu % 1000), (2000, 0));
    assert_eq!(quantity(&limits["memory"], 1), 2 << 30);
}

#[test]
fn probes_are_those_of_the_guide_behind_one_for_the_start() {
    let container = container();
    let check = |probe: Option<Probe>, path: &str, initial, period, failures| {
        let probe = probe.unwrap();
        let ask = probe.http_get.unwrap();
        assert_eq!(ask.path.as_deref(), Some(path));
        assert_eq!(ask.port, IntOrString::String("api".to_owned()), "{path}");
        let got = (probe.initial_delay_seconds, probe.period_seconds, probe.failure_threshold);
        assert_eq!(got, (initial, Some(period), Some(failures)), "{path}");
        // Less than the period, or two would be under way at once.
        assert!(probe.timeout_seconds.unwrap() <= period, "{path}");
    };
    check(container.startup_probe, "/api/startup", None, 2, 150);
    check(container.liveness_probe, "/api/health", Some(30), 10, 3);
    check(container.readiness_probe, "/api/ready", Some(10), 5, 1);
}

#[test]
fn every_mount_has_its_volume_and_every_volume_its_source() {
    let (pod, container) = (pod(), container());
    let set = set().spec.unwrap();
    let mut volumes = BTreeSet::new();
    for volume in pod.volumes.unwrap() {
        if let Some(map) = &volume.config_map {
            let known: ConfigMap = only("configmap.yaml");
            assert_eq!(Some(&map.name), known.metadata.name.as_ref());
        }
        if let Some(mounted) = &volume.secret {
            let known: Secret = only("secret.yaml");
            assert_eq!(mounted.secret_name, known.metadata.name);
            // Its owner and its group, and nobody else.
            assert_eq!(mounted.default_mode, Some(0o440));
        }
        if let Some(memory) = &volume.empty_dir {
            assert_eq!(memory.medium.as_deref(), Some("Memory"), "{}", volume.name);
            assert!(memory.size_limit.is_some(), "{}", volume.name);
        }
        volumes.insert(volume.name);
    }
    for claim in set.volume_claim_templates.unwrap() {
        let spec = claim.spec.unwrap();
        assert_eq!(spec.access_modes.unwrap(), ["ReadWriteOnce"]);
        assert_eq!(spec.resources.unwrap().requests.unwrap()["storage"].0, "10Gi");
        volumes.insert(claim.metadata.name.unwrap());
    }
    let mounts = container.volume_mounts.unwrap();
    let mounted: BTreeSet<_> = mounts.iter().map(|mount| mount.name.clone()).collect();
    assert_eq!(mounted, volumes);
    let told: Vec<_> = mounts
        .iter()
        .map(|mount| (mount.mount_path.as_str(), mount.read_only.unwrap_or(false)))
        .collect();
    let expected = [
        ("/etc/pinnaclemm/config", true),
        ("/etc/pinnaclemm/secrets", true),
        ("/data/pinnaclemm", false),
        ("/var/log/pinnaclemm", false),
        ("/tmp", false),
    ];
    assert_eq!(told, expected);
}

#[test]
fn the_pod_keeps_to_the_restricted_profile() {
    let namespace: Namespace = only("namespace.yaml");
    let labels = namespace.metadata.labels.unwrap();
    for mode in ["enforce", "warn", "audit"] {
        assert_eq!(labels[&format!("pod-security.kubernetes.io/{mode}")], "restricted");
    }
    let (pod, container) = (pod(), container());
    assert_eq!(pod.automount_service_account_token, Some(false));
    assert_eq!(pod.enable_service_links, Some(false));
    assert_eq!((pod.host_network, pod.host_pid, pod.host_ipc), (None, None, None));
    let of_pod = pod.security_context.unwrap();
    assert_eq!(of_pod.run_as_non_root, Some(true));
    assert_eq!(of_pod.fs_group_change_policy.as_deref(), Some("OnRootMismatch"));
    assert_eq!(of_pod.seccomp_profile.unwrap().type_, "RuntimeDefault");
    let own = container.security_context.unwrap();
    assert_eq!(own.allow_privilege_escalation, Some(false));
    assert_eq!(own.read_only_root_filesystem, Some(true));
    let capabilities = own.capabilities.unwrap();
    assert_eq!(capabilities.drop.unwrap(), ["ALL"]);
    assert_eq!((capabilities.add, own.privileged), (None, None));
}

#[test]
fn the_image_runs_as_whom_the_pod_says() {
    let dockerfile = read("Dockerfile");
    let last = |word: &str| {
        let mut lines = dockerfile.lines().filter_map(|line| line.strip_prefix(word));
        lines.next_back().unwrap_or_else(|| panic!("no {word}")).trim().to_owned()
    };
    let security = pod().security_context.unwrap();
    let id = security.run_as_user.unwrap();
    assert_eq!((security.run_as_group, security.fs_group), (Some(id), Some(id)));
    assert_eq!(last("USER "), format!("{id}:{id}"));
    for line in ["groupadd --gid", "useradd --uid", "install -d -o"] {
        assert!(dockerfile.contains(&format!("{line} {id}")), "{line}");
    }
    // A shell in front would be process 1 and keep the signal to itself.
    assert_eq!(last("ENTRYPOINT "), r#"["/usr/local/bin/pinnaclemm"]"#);
    assert_eq!(last("STOPSIGNAL "), "SIGTERM");
    assert_eq!(last("EXPOSE "), "8080 8081");
    assert!(last("HEALTHCHECK ").ends_with(r#"CMD ["pinnaclemm", "health"]"#));
    let container = container();
    assert_eq!(container.image.as_deref(), Some("pinnaclemm:latest"));
    assert_eq!(container.image_pull_policy.as_deref(), Some("IfNotPresent"));
    assert_eq!((container.command, container.args), (None, None));
    // One baseline for every machine; what is faster is chosen when it runs.
    assert!(!dockerfile.contains("native") && !root(".cargo/config.toml").exists());
}

#[test]
fn only_who_is_named_comes_in_and_only_names_and_venues_are_asked() {
    let policy: NetworkPolicy = only("networkpolicy.yaml");
    let spec = policy.spec.unwrap();
    assert_eq!(spec.policy_types.unwrap(), ["Ingress", "Egress"]);
    let ports = |list: Option<Vec<NetworkPolicyPort>>| -> Vec<String> {
        let list = list.unwrap().into_iter().map(|port| {
            let Some(IntOrString::Int(number)) = port.port else { panic!("a port by its name") };
            assert_eq!(port.end_port, None);
            format!("{} {number}", port.protocol.unwrap())
        });
        list.collect()
    };
    let ingress = spec.ingress.unwrap();
    assert_eq!(ingress.len(), 1);
    for rule in ingress {
        let from = serde_json::to_value(rule.from.unwrap()).unwrap();
        let named = json!([{"podSelector": {"matchLabels": {"access": "pinnaclemm"}}}]);
        assert_eq!(from, named);
        assert_eq!(ports(rule.ports), ["TCP 8080", "TCP 8081"]);
    }
    let [names, venues] = spec.egress.unwrap().try_into().unwrap();
    let system = json!({"kubernetes.io/metadata.name": "kube-system"});
    let to = serde_json::to_value(names.to.unwrap()).unwrap();
    assert_eq!(to, json!([{"namespaceSelector": {"matchLabels": system}}]));
    assert_eq!(ports(names.ports), ["UDP 53", "TCP 53"]);
    assert_eq!(ports(venues.ports), ["TCP 443"]);
    let [venues] = venues.to.unwrap().try_into().unwrap();
    let block = venues.ip_block.unwrap();
    assert_eq!(block.cidr, "0.0.0.0/0");
    let private =
        ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];
    assert_eq!(block.except.unwrap(), private);
}
