//! The program as the manifests run it: its config, its variables, its token, its name in the set.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::engine_rig::Home;
use crate::kube::{container, only, pod, quantity, root};
use crate::web_rig::write_token;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use pinnaclemm::config::{Environment, ExitCode};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// The text of the ConfigMap's only file.
fn text() -> String {
    let map: ConfigMap = only("configmap.yaml");
    // The guide edits it in place.
    assert_eq!(map.immutable, None);
    let mut data = map.data.unwrap();
    assert_eq!(data.keys().collect::<Vec<_>>(), ["default_config.json"]);
    data.remove("default_config.json").unwrap()
}

fn config() -> Value {
    serde_json::from_str(&text()).unwrap()
}

fn ended(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_config_is_the_shipped_one_but_for_what_a_pod_has_elsewhere() {
    let shipped = fs::read_to_string(root("config/default_config.json")).unwrap();
    let mut expected: Value = serde_json::from_str(&shipped).unwrap();
    expected["logging"]["directory"] = json!("/var/log/pinnaclemm");
    expected["persistence"]["dataDirectory"] = json!("/data/pinnaclemm");
    expected["persistence"]["maxJournalBytes"] = json!(6_442_450_944_u64);
    expected["web"]["bind"] = json!("0.0.0.0");
    assert_eq!(config(), expected);
    assert_eq!(config()["mode"], "simulation");
}

#[test]
fn the_config_has_no_faults() {
    let home = Home::new("kube_check");
    fs::write(home.path("default_config.json"), text()).unwrap();
    let mut command = home.engine("--check-config --config default_config.json");
    let (code, err) = ended(&mut command);
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn what_the_config_writes_has_room_and_the_end_has_time() {
    let config = config();
    let of = |section: &str, key: &str| config[section][key].as_u64().unwrap();
    let pod = pod();
    let volumes = pod.volumes.unwrap();
    let logs = volumes.iter().find(|volume| volume.name == "logs").unwrap();
    let room = quantity(logs.empty_dir.as_ref().unwrap().size_limit.as_ref().unwrap(), 1);
    let log = of("logging", "maxFileBytes") * (1 + of("logging", "keepFiles"));
    assert!(log * 2 <= room, "{log} of {room}");
    let set: StatefulSet = only("deployment.yaml");
    let claim = set.spec.unwrap().volume_claim_templates.unwrap().remove(0);
    let storage = claim.spec.unwrap().resources.unwrap().requests.unwrap();
    let room = quantity(&storage["storage"], 1);
    assert_eq!(of("persistence", "maxJournalBytes"), room * 6 / 10);
    let grace = u64::try_from(pod.termination_grace_period_seconds.unwrap()).unwrap();
    assert!(of("shutdown", "cancelTimeoutMs") * 2 <= grace * 1000);
}

#[test]
fn every_variable_of_the_pod_is_read() {
    let asked = RefCell::new(BTreeSet::new());
    Environment::of(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    let mut set = BTreeSet::new();
    for variable in container().env.unwrap() {
        match variable.name.as_str() {
            "POD_NAME" => {
                let field = variable.value_from.unwrap().field_ref.unwrap();
                assert_eq!(field.field_path, "metadata.name");
            }
            "POD_CPU_MILLIS" => {
                let field = variable.value_from.unwrap().resource_field_ref.unwrap();
                let divisor = field.divisor.unwrap();
                assert_eq!((field.resource.as_str(), divisor.0.as_str()), ("requests.cpu", "1m"));
            }
            "PINNACLE_CONFIG_PATH" => {
                let path = variable.value.unwrap();
                assert_eq!(path, "/etc/pinnaclemm/config/default_config.json");
            }
            "PINNACLE_DATA_DIR" => {
                assert_eq!(json!(variable.value), config()["persistence"]["dataDirectory"]);
            }
            "PINNACLE_LOG_DIR" => {
                assert_eq!(json!(variable.value), config()["logging"]["directory"]);
            }
            other => panic!("{other}"),
        }
        set.insert(variable.name);
    }
    // The token comes from where the secret is mounted.
    set.extend(["PINNACLE_TOKEN_FILE", "PINNACLE_API_TOKEN"].map(str::to_owned));
    assert_eq!(set, asked.into_inner());
}

#[test]
fn the_secret_is_a_template_that_opens_nothing() {
    let secret: Secret = only("secret.yaml");
    assert_eq!(secret.type_.as_deref(), Some("Opaque"));
    let data = secret.data.unwrap();
    let names = ["API_TOKEN", "EXCHANGE_API_KEY", "EXCHANGE_API_SECRET", "EXCHANGE_PASSPHRASE"];
    assert_eq!(data.keys().collect::<Vec<_>>(), names);
    for (name, bytes) in &data {
        assert!(bytes.0.starts_with(b"REPLACE_ME"), "{name}");
    }
    let home = Home::new("kube_secret");
    write_token(&home, "API_TOKEN", str::from_utf8(&data["API_TOKEN"].0).unwrap());
    let mut command = home.engine("--token-file API_TOKEN --api-port 0 --ws-port 0 --duration 1s");
    let (code, err) = ended(&mut command);
    assert_eq!(code, i32::from(ExitCode::Refused.code()), "{err}");
    assert!(err.contains("is a placeholder: make one of your own"), "{err}");
}

#[test]
fn only_pod_0_of_the_set_runs_an_engine() {
    let home = Home::new("kube_ordinal");
    let check = |pod: &str, line: &str, code: ExitCode, words: &str| {
        let (got, err) = ended(home.engine(line).env("POD_NAME", pod));
        assert_eq!(got, i32::from(code.code()), "{pod} {line}: {err}");
        assert!(err.contains(words), "{pod} {line}: {err}");
    };
    let paper = "--mode paper --venue kraken --symbol BTC/USD --data-dir d";
    let second = "only pod 0 of its set runs an engine";
    check("pinnaclemm-1", "--data-dir d", ExitCode::SecondPod, second);
    check("pinnaclemm-12", paper, ExitCode::SecondPod, second);
    check("", "--data-dir d", ExitCode::Refused, "POD_NAME = \"\": must be the name of the pod");
    // Nothing was begun, and the config is checked in such a pod too.
    assert!(!home.path("d").exists() && !home.path("logs").exists());
    check("pinnaclemm-0", "--data-dir d --speed max --duration 1s", ExitCode::Done, "");
    let shown = "a recording that is not there";
    let replay = "--mode backtest --venue kraken --input none";
    let (code, err) = ended(home.engine(replay).env("POD_NAME", "sweep-3"));
    assert_eq!((code, err.contains("POD_NAME")), (3, false), "{shown}: {err}");
}

#[test]
fn cores_of_its_own_can_be_required() {
    let home = Home::new("kube_cores");
    let check = |millis: &str, flag: &str, code: ExitCode, words: &str| {
        let line = format!("{flag} --data-dir d --log-dir l --duration 1s");
        let (got, err) = ended(home.engine(&line).env("POD_CPU_MILLIS", millis));
        assert_eq!(got, i32::from(code.code()), "{millis} {flag}: {err}");
        assert!(err.contains(words), "{millis} {flag}: {err}");
    };
    let own = "--require-exclusive-cores";
    let not_own = "the cores are not this process's own: shared needs 2 whole cores, allowed: ";
    check("500", own, ExitCode::SharedCores, not_own);
    check("500", own, ExitCode::SharedCores, "0.5 promised to the pod");
    check("", own, ExitCode::Refused, "POD_CPU_MILLIS = \"\": must be thousandths of a core");
    check("0.5", "", ExitCode::Refused, "POD_CPU_MILLIS = \"0.5\"");
    // Without the requirement it runs, and says what it does without.
    check("500", "", ExitCode::Done, "no thread spins: ");
    home.config("c.json", |config| config["threads"]["requireExclusiveCores"] = json!(true));
    check("500", "--config c.json", ExitCode::SharedCores, not_own);
}
