//! What kustomize makes of the overlays, and the manifests beside those of the guide: jobs and the
//! maintenance pod. Every field is one that Kubernetes has; whoever refers to something finds it;
//! whatever selects pods selects those of one engine.
//!
//! Overlays are made by `kubectl`, which needs no cluster for it; without it they are skipped, and
//! that is said.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::kube::{container, parsed, pod, quantity, read, root, set, typed};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{
    ConfigMap, Container, PersistentVolumeClaim, Pod, PodSpec, ResourceRequirements, Secret,
    Service,
};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const OVERLAYS: [&str; 6] = [
    "k8s",
    "overlays/accounts",
    "overlays/burstable",
    "overlays/dedicated",
    "overlays/hugepages",
    "overlays/monitoring",
];

/// What kustomize makes of a folder.
fn made(folder: &str) -> Option<Vec<Value>> {
    let mut command = Command::new("kubectl");
    command.arg("kustomize").arg(root("deploy").join(folder));
    let Ok(output) = command.output() else {
        println!("skipped: {folder}, there is no kubectl");
        return None;
    };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert!(output.status.success(), "{folder}: {}", text(&output.stderr));
    Some(parsed(folder, &text(&output.stdout)))
}

fn of_kind<T: serde::de::DeserializeOwned + serde::Serialize>(
    all: &[Value],
    kind: &str,
) -> BTreeMap<String, T> {
    let of_kind = all.iter().filter(|one| one["kind"] == kind);
    let named = of_kind.map(|one| (one["metadata"]["name"].as_str().unwrap().to_owned(), one));
    named.map(|(name, one)| (name, typed(one))).collect()
}

type Labels = BTreeMap<String, String>;

fn selects(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

fn template(set: &StatefulSet) -> (Labels, PodSpec) {
    let template = set.spec.clone().unwrap().template;
    (template.metadata.unwrap().labels.unwrap(), template.spec.unwrap())
}

/// The sets whose pods are selected.
fn selected(sets: &BTreeMap<String, StatefulSet>, selector: &Labels) -> Vec<String> {
    let is_selected = |set: &StatefulSet| selects(selector, &template(set).0);
    sets.iter().filter(|(_, set)| is_selected(set)).map(|(name, _)| name.clone()).collect()
}

#[test]
fn in_every_overlay_an_engine_has_what_it_refers_to_and_nothing_of_anothers() {
    for folder in OVERLAYS {
        let Some(all) = made(folder) else { return };
        let kinds: BTreeSet<_> = all.iter().map(|one| one["kind"].as_str().unwrap()).collect();
        assert!(!kinds.contains("HorizontalPodAutoscaler"), "{folder}");
        let sets: BTreeMap<String, StatefulSet> = of_kind(&all, "StatefulSet");
        let (maps, secrets): (BTreeMap<_, ConfigMap>, BTreeMap<_, Secret>) =
            (of_kind(&all, "ConfigMap"), of_kind(&all, "Secret"));
        let services: BTreeMap<String, Service> = of_kind(&all, "Service");
        let (mut used, mut heads) = (BTreeSet::new(), BTreeSet::new());
        for (name, set) in &sets {
            let spec = set.spec.clone().unwrap();
            assert_eq!(spec.replicas, Some(1), "{folder} {name}");
            let (labels, pod) = template(set);
            assert!(selects(&spec.selector.match_labels.unwrap(), &labels), "{folder} {name}");
            let head = spec.service_name.unwrap();
            assert!(services.contains_key(&head) && heads.insert(head), "{folder} {name}");
            for volume in pod.volumes.unwrap() {
                let map =
                    volume.config_map.map(|map| (map.name.clone(), maps.contains_key(&map.name)));
                let secret = volume.secret.and_then(|secret| secret.secret_name);
                let secret = secret.map(|name| (name.clone(), secrets.contains_key(&name)));
                for (source, is_there) in map.into_iter().chain(secret) {
                    assert!(is_there && used.insert(source.clone()), "{folder} {name}: {source}");
                }
            }
        }
        assert_eq!(used.len(), 2 * sets.len(), "{folder}");
        let mut selectors = Vec::new();
        selectors.extend(services.values().map(|one| one.spec.clone().unwrap().selector.unwrap()));
        let budgets: BTreeMap<String, PodDisruptionBudget> = of_kind(&all, "PodDisruptionBudget");
        let of_budget = |one: &PodDisruptionBudget| one.spec.clone().unwrap().selector.unwrap();
        selectors.extend(budgets.values().map(|one| of_budget(one).match_labels.unwrap()));
        let policies: BTreeMap<String, NetworkPolicy> = of_kind(&all, "NetworkPolicy");
        for policy in policies.values() {
            let spec = policy.spec.clone().unwrap();
            selectors.push(spec.pod_selector.unwrap().match_labels.unwrap());
            let from = spec.ingress.unwrap().into_iter().map(|rule| rule.from.unwrap().len());
            assert!(from.min() > Some(0), "{folder}: anybody may come in");
            let to = spec.egress.unwrap().into_iter().map(|rule| rule.to.unwrap().len());
            assert!(to.min() > Some(0), "{folder}: it may go anywhere");
        }
        assert_eq!(selectors.len(), 5 * sets.len(), "{folder}");
        for selector in &selectors {
            assert_eq!(selected(&sets, selector).len(), 1, "{folder}: {selector:?}");
        }
        for (name, map) in maps.iter().filter(|(name, _)| name.starts_with("pinnaclemm-config")) {
            let base: Vec<ConfigMap> =
                parsed("", &read("deploy/k8s/configmap.yaml")).iter().map(typed).collect();
            assert_eq!(map.data, base[0].data, "{folder} {name}");
        }
    }
}

#[test]
fn accounts_share_the_namespace_alone() {
    let Some(all) = made("overlays/accounts") else { return };
    let named: Vec<_> = all
        .iter()
        .map(|one| (one["kind"].as_str().unwrap(), one["metadata"]["name"].as_str().unwrap()))
        .collect();
    let count = |account: &str| named.iter().filter(|(_, name)| name.ends_with(account)).count();
    assert_eq!((count("-kraken"), count("-coinbase"), named.len()), (8, 8, 16), "{named:?}");
    let sets: BTreeMap<String, StatefulSet> = of_kind(&all, "StatefulSet");
    let pods = sets.keys().map(|name| format!("{name}-0")).collect::<Vec<_>>();
    assert_eq!(pods, ["pinnaclemm-coinbase-0", "pinnaclemm-kraken-0"]);
}

fn resources(folder: &str) -> Option<(Container, ResourceRequirements)> {
    let sets: BTreeMap<String, StatefulSet> = of_kind(&made(folder)?, "StatefulSet");
    let container = template(&sets["pinnaclemm"]).1.containers.remove(0);
    let resources = container.resources.clone().unwrap();
    Some((container, resources))
}

#[test]
fn overlays_ask_for_what_they_say() {
    let text = |resources: &ResourceRequirements| {
        let side = |side: &Option<BTreeMap<String, _>>| {
            let all = side.as_ref().unwrap().iter();
            let told = all.map(|(name, amount): (_, &Amount)| format!("{name} {}", amount.0));
            told.collect::<Vec<_>>().join(", ")
        };
        (side(&resources.requests), side(&resources.limits))
    };
    let Some((_, burstable)) = resources("overlays/burstable") else { return };
    let guide = ("cpu 500m, memory 512Mi", "cpu 2, memory 2Gi");
    assert_eq!(text(&burstable), (guide.0.to_owned(), guide.1.to_owned()));
    let (container, huge) = resources("overlays/hugepages").unwrap();
    let (requests, limits) = text(&huge);
    assert_eq!(requests, "cpu 2, hugepages-2Mi 512Mi, memory 2Gi");
    assert_eq!(requests, limits);
    let tunables = container.env.unwrap().into_iter().find(|one| one.name == "GLIBC_TUNABLES");
    assert_eq!(tunables.unwrap().value.as_deref(), Some("glibc.malloc.hugetlb=2"));
    let (container, dedicated) = resources("overlays/dedicated").unwrap();
    let (requests, limits) = text(&dedicated);
    assert_eq!((requests.as_str(), &requests), ("cpu 6, memory 4Gi", &limits));
    assert_eq!(container.args.unwrap(), ["--require-exclusive-cores"]);
}

type Amount = k8s_openapi::apimachinery::pkg::api::resource::Quantity;

#[test]
fn the_monitoring_overlay_lets_prometheus_in_and_alerts_out() {
    let Some(all) = made("overlays/monitoring") else { return };
    let policies: BTreeMap<String, NetworkPolicy> = of_kind(&all, "NetworkPolicy");
    let spec = policies["pinnaclemm"].spec.clone().unwrap();
    let namespace = json!({"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}});
    let last = |rules: Value| rules.as_array().unwrap().last().unwrap().clone();
    let ingress = last(serde_json::to_value(spec.ingress.unwrap()).unwrap());
    assert_eq!(ingress["from"], json!([{"namespaceSelector": namespace}]));
    assert_eq!(ingress["ports"], json!([{"port": 8081, "protocol": "TCP"}]));
    let egress = last(serde_json::to_value(spec.egress.unwrap()).unwrap());
    assert_eq!(egress["to"][0]["namespaceSelector"], namespace);
    assert_eq!(egress["ports"], json!([{"port": 9093, "protocol": "TCP"}]));
    let maps: BTreeMap<String, ConfigMap> = of_kind(&all, "ConfigMap");
    let board = &maps["pinnaclemm-board"];
    assert_eq!(board.metadata.labels.as_ref().unwrap()["grafana_dashboard"], "1");
    let text = &board.data.as_ref().unwrap()["pinnaclemm.json"];
    let board: Value = serde_json::from_str(text).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    assert!(panels.len() > 20 && board["uid"] == "pinnaclemm");
}

/// The restricted profile, and what the engine's own pod has beside it.
fn keeps_to_the_profile(name: &str, spec: &PodSpec) {
    let own = pod();
    assert_eq!(spec.automount_service_account_token, Some(false), "{name}");
    assert_eq!(spec.enable_service_links, Some(false), "{name}");
    let (mut given, own_context) = (spec.security_context.clone(), own.security_context);
    if let Some(given) = &mut given {
        let policy = own_context.as_ref().unwrap().fs_group_change_policy.clone();
        given.fs_group_change_policy = given.fs_group_change_policy.take().or(policy);
    }
    assert_eq!(given, own_context, "{name}");
    let [container] = &spec.containers[..] else { panic!("{name}: one container") };
    assert_eq!(container.security_context, self::container().security_context, "{name}");
    assert_eq!(container.image, self::container().image, "{name}");
    let mounts = container.volume_mounts.iter().flatten().map(|mount| mount.name.clone());
    let volumes = spec.volumes.iter().flatten().map(|volume| volume.name.clone());
    assert_eq!(mounts.collect::<BTreeSet<_>>(), volumes.collect(), "{name}");
}

#[test]
fn the_maintenance_pod_has_the_engines_volume_and_no_more_rights() {
    let all = parsed("maintenance", &read("deploy/maintenance.yaml"));
    let given: BTreeMap<String, Pod> = of_kind(&all, "Pod");
    let pod = &given["pinnaclemm-maintenance"];
    let spec = pod.spec.clone().unwrap();
    keeps_to_the_profile("maintenance", &spec);
    // No Service, budget or policy takes it for the engine.
    let labels = pod.metadata.labels.clone().unwrap();
    assert!(!selects(&set().spec.unwrap().selector.match_labels.unwrap(), &labels));
    let claim = set().spec.unwrap().volume_claim_templates.unwrap().remove(0).metadata.name;
    let volume = spec.volumes.unwrap().remove(0).persistent_volume_claim.unwrap();
    assert_eq!(volume.claim_name, format!("{}-pinnaclemm-0", claim.unwrap()));
    let mounted = |container: &Container| {
        let mut mounts = container.volume_mounts.clone().unwrap().into_iter();
        mounts.find(|mount| mount.name == "pinnaclemm-data").unwrap().mount_path
    };
    assert_eq!(mounted(&spec.containers[0]), mounted(&container()));
}

#[test]
fn a_sweep_has_as_many_pods_as_shards_and_all_of_them_are_merged() {
    let all = parsed("sweep", &read("deploy/jobs/sweep.yaml"));
    let jobs: BTreeMap<String, Job> = of_kind(&all, "Job");
    let claims: BTreeMap<String, PersistentVolumeClaim> = of_kind(&all, "PersistentVolumeClaim");
    let policies: BTreeMap<String, NetworkPolicy> = of_kind(&all, "NetworkPolicy");
    let pods: BTreeMap<String, Pod> = of_kind(&all, "Pod");
    keeps_to_the_profile("files", pods["pinnaclemm-sweep-files"].spec.as_ref().unwrap());
    let policy = policies["pinnaclemm-sweep"].spec.clone().unwrap();
    assert_eq!((policy.ingress, policy.egress), (None, None), "nobody in, nothing out");
    assert_eq!(policy.policy_types.unwrap(), ["Ingress", "Egress"]);
    let selector = policy.pod_selector.unwrap().match_labels.unwrap();
    let spec = |name: &str| jobs[name].spec.clone().unwrap();
    for name in ["pinnaclemm-sweep", "pinnaclemm-sweep-merge"] {
        let (job, template) = (spec(name), spec(name).template);
        assert_eq!(job.suspend, Some(true), "{name}");
        assert!(selects(&selector, &template.metadata.unwrap().labels.unwrap()), "{name}");
        let pod = template.spec.unwrap();
        keeps_to_the_profile(name, &pod);
        assert_eq!(pod.restart_policy.as_deref(), Some("Never"), "{name}");
        for volume in pod.volumes.unwrap() {
            let claim = volume.persistent_volume_claim.map(|claim| claim.claim_name);
            assert!(claim.is_none_or(|claim| claims.contains_key(&claim)), "{name}");
        }
    }
    let sweep = spec("pinnaclemm-sweep");
    assert_eq!(sweep.completion_mode.as_deref(), Some("Indexed"));
    let shards = sweep.completions.unwrap();
    let args = sweep.template.spec.unwrap().containers.remove(0).args.unwrap();
    assert!(args.contains(&format!("--shard=$(SHARD)/{shards}")), "{args:?}");
    let merge = spec("pinnaclemm-sweep-merge").template.spec.unwrap().containers.remove(0);
    let results = (0..shards).map(|shard| format!("/sweep/results/sweep-{shard}-of-{shards}.json"));
    let mut expected = vec!["--merge".to_owned()];
    expected.extend(results);
    expected.push("--backtest-output=/sweep/results".to_owned());
    assert_eq!(merge.args.unwrap(), expected);
}

#[test]
fn a_node_is_qualified_with_what_the_engine_asks_for() {
    let all = parsed("latency", &read("deploy/jobs/latency.yaml"));
    let jobs: BTreeMap<String, Job> = of_kind(&all, "Job");
    let spec = jobs["pinnaclemm-latency"].spec.clone().unwrap().template.spec.unwrap();
    keeps_to_the_profile("latency", &spec);
    assert_eq!(spec.containers[0].resources, container().resources);
    let scratch = spec.volumes.unwrap().into_iter().find(|volume| volume.name == "scratch");
    let room = scratch.unwrap().empty_dir.unwrap().size_limit.unwrap();
    assert!(quantity(&room, 1) >= 256 << 20);
}
