//! A config from where it is: the file's text, the environment, the flags.
//!
//! This is the one place that reads a config file. Nothing else is opened here.

use super::arguments::Arguments;
use super::file::{Config, RawConfig};
use super::json::Malformed;
use super::pod::{self, MOUNTED_TOKEN, SecondPod};
use super::sweep::Sweep;
use super::web::RawWeb;
use super::{ExitCode, Faults, Mode};
use crate::web::{
    self,
    token::{self, TokenSource},
};
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

/// What is used if no file is named: the file that is shipped.
const SHIPPED: &str = include_str!("../../config/default_config.json");
/// What it is called where others have their path.
const SHIPPED_NAME: &str = "the shipped config";
/// The longest file that is read: a thousand instruments need a tenth.
const BYTES_MAX: u64 = 4 << 20;

/// What the environment says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Environment {
    /// `PINNACLE_CONFIG_PATH`.
    pub config_path: Option<PathBuf>,
    /// `PINNACLE_DATA_DIR`.
    pub data_dir: Option<PathBuf>,
    /// `PINNACLE_LOG_DIR`.
    pub log_dir: Option<PathBuf>,
    /// `PINNACLE_TOKEN_FILE`.
    pub token_file: Option<PathBuf>,
    /// `PINNACLE_API_TOKEN`: the token itself, where no file has it.
    pub token: Option<TokenSource>,
    /// `POD_NAME`: which pod of a set it runs in.
    pub pod_name: Option<String>,
    /// `POD_CPU_MILLIS`: how much CPU the pod asks for, in thousandths of a core.
    pub pod_cpu_millis: Option<String>,
    /// The token that a pod has mounted, where there is one.
    pub mounted_token: Option<PathBuf>,
}

impl Environment {
    /// Asks for every variable that there is.
    pub fn of(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let path = |name: &str| variable(name).map(PathBuf::from);
        let text = |name: &str| variable(name).map(|text| text.to_string_lossy().into_owned());
        Self {
            config_path: path("PINNACLE_CONFIG_PATH"),
            data_dir: path("PINNACLE_DATA_DIR"),
            log_dir: path("PINNACLE_LOG_DIR"),
            token_file: path("PINNACLE_TOKEN_FILE"),
            token: text(token::VARIABLE).map(TokenSource::Variable),
            pod_name: text("POD_NAME"),
            pod_cpu_millis: text("POD_CPU_MILLIS"),
            mounted_token: None,
        }
    }

    /// The same, with what a pod has mounted.
    #[must_use]
    pub fn mounted(self, exists: impl Fn(&Path) -> bool) -> Self {
        let token = Some(PathBuf::from(MOUNTED_TOKEN)).filter(|path| exists(path));
        Self { mounted_token: token, ..self }
    }

    fn check(&self, faults: &mut Faults) {
        let named = [
            ("PINNACLE_CONFIG_PATH", &self.config_path, "the name of a file, or not set"),
            ("PINNACLE_DATA_DIR", &self.data_dir, "the name of a directory, or not set"),
            ("PINNACLE_LOG_DIR", &self.log_dir, "the name of a directory, or not set"),
            ("PINNACLE_TOKEN_FILE", &self.token_file, "the name of a file, or not set"),
        ];
        for (name, path, allowed) in named {
            if path.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
                faults.add(name, "\"\"", allowed);
            }
        }
        if self.pod_name.as_deref() == Some("") {
            faults.add("POD_NAME", "\"\"", "the name of the pod, or not set");
        }
        let millis = self.pod_cpu_millis.as_deref();
        if let Some(text) = millis.filter(|text| text.parse::<u32>().is_err()) {
            let allowed = "thousandths of a core, a whole number, or not set";
            faults.add("POD_CPU_MILLIS", format_args!("{text:?}"), allowed);
        }
    }
}

/// A config that may be run.
#[derive(Clone, PartialEq, Debug)]
pub struct Loaded {
    /// Where it comes from.
    pub source: String,
    /// Every key as it stands now, the defaults among them.
    pub effective: RawConfig,
    /// The same, checked.
    pub config: Config,
    /// The runs of a sweep, if it is one.
    pub sweep: Option<Sweep>,
}

/// Why there is no config.
#[derive(Debug)]
pub enum ConfigFault {
    /// The file cannot be read.
    Unreadable {
        /// Its name.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// The file is no JSON.
    Malformed {
        /// Where it comes from.
        source: String,
        /// Where and what.
        cause: Malformed,
    },
    /// It says what cannot be.
    Wrong {
        /// Where it comes from.
        source: String,
        /// All of it.
        faults: Faults,
        /// Where its probes would be answered, as far as that is known.
        web: Option<Box<web::Params>>,
    },
    /// It is not to run here.
    SecondPod(SecondPod),
}

impl ConfigFault {
    /// The exit code.
    #[must_use]
    pub const fn code(&self) -> ExitCode {
        match self {
            Self::Unreadable { .. } => ExitCode::Storage,
            Self::Malformed { .. } | Self::Wrong { .. } => ExitCode::Refused,
            Self::SecondPod(_) => ExitCode::SecondPod,
        }
    }
}

impl ConfigFault {
    /// Where probes are answered while a start is held for this: where the config says, or, if it
    /// says nothing that can be read, on the usual ports. The first process of a container is asked
    /// from outside of it.
    #[must_use]
    pub fn held_web(&self, flags: &Arguments, is_first_process: bool) -> Option<web::Params> {
        if let Self::Wrong { web: Some(params), .. } = self {
            return Some(web::Params::clone(params));
        }
        let mut raw = RawWeb::default();
        if is_first_process {
            raw.bind = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        }
        raw.overlay(flags, &Environment::default());
        raw.check("web", Mode::Simulation, None, &mut Faults::default())
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, cause } => {
                write!(f, "cannot read the config {}: {cause}", path.display())
            }
            Self::Malformed { source, cause } => write!(f, "{source} is no JSON: {cause}"),
            Self::SecondPod(fault) => fault.fmt(f),
            Self::Wrong { source, faults, .. } => {
                let count = faults.list().len();
                write!(f, "{source} has {count} {}", if count == 1 { "fault" } else { "faults" })?;
                faults.list().iter().try_for_each(|fault| write!(f, "\n  {fault}"))
            }
        }
    }
}

impl std::error::Error for ConfigFault {}

/// Reads, overlays and checks.
///
/// # Errors
/// As [`ConfigFault`] names them; every fault at once.
pub fn load(flags: &Arguments, environment: &Environment) -> Result<Loaded, ConfigFault> {
    let mut faults = Faults::default();
    environment.check(&mut faults);
    if !faults.is_empty() {
        let source = "the environment".to_owned();
        return Err(ConfigFault::Wrong { source, faults, web: None });
    }
    let path = flags.config.as_ref().or(environment.config_path.as_ref());
    let (source, text) = match path {
        Some(path) => {
            let text = text_of(path)
                .map_err(|cause| ConfigFault::Unreadable { path: path.clone(), cause })?;
            (path.display().to_string(), text)
        }
        None => (SHIPPED_NAME.to_owned(), SHIPPED.to_owned()),
    };
    let loaded = load_text(&source, &text, flags, environment)?;
    let pod_name = environment.pod_name.as_deref();
    pod::admit(pod_name, loaded.config.mode).map_err(ConfigFault::SecondPod)?;
    Ok(loaded)
}

/// The same over a text that is at hand.
///
/// # Errors
/// As [`load`].
pub fn load_text(
    source: &str,
    text: &str,
    flags: &Arguments,
    environment: &Environment,
) -> Result<Loaded, ConfigFault> {
    let mut faults = Faults::default();
    let source = source.to_owned();
    let read = super::reading::read::<RawConfig>(text, &mut faults);
    let read = match read {
        Ok(read) => read,
        Err(cause) => return Err(ConfigFault::Malformed { source, cause }),
    };
    let Some(mut effective) = read else {
        return Err(ConfigFault::Wrong { source, faults, web: None });
    };
    let mut meant = Faults::default();
    effective.overlay(flags, environment, &mut meant);
    let config = effective.check(&mut meant);
    // What could not be read was taken out, and must not be called missing as well.
    faults.add_unless_named(meant);
    let mut sweep = None;
    if let Some(config) = config.as_ref().filter(|_| faults.is_empty()) {
        sweep = flags.sweep(&effective, config, &mut faults);
    }
    match config {
        Some(config) if faults.is_empty() => Ok(Loaded { source, effective, config, sweep }),
        _ => {
            let RawConfig { mode, speed, .. } = effective;
            let web = effective.web.check("web", mode, speed, &mut Faults::default());
            Err(ConfigFault::Wrong { source, faults, web: web.map(Box::new) })
        }
    }
}

fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = File::open(path)?;
    if file.take(BYTES_MAX + 1).read_to_string(&mut text)? as u64 > BYTES_MAX {
        let cause = format!("it is longer than {BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, cause));
    }
    Ok(text)
}

impl Loaded {
    /// The effective config as JSON that, given back as a file, makes the same config.
    ///
    /// # Errors
    /// A path is no UTF-8, and JSON can hold no other.
    pub fn printed(&self) -> Result<String, String> {
        serde_json::to_string_pretty(&self.effective).map_err(|error| error.to_string())
    }

    /// The effective config without what may be a secret: the address of a webhook is one.
    #[must_use]
    pub fn shown(&self) -> RawConfig {
        let mut shown = self.effective.clone();
        shown.risk_management.alerts.hide();
        shown
    }

    /// The file that it was read from; nothing where it is the shipped one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        (self.source != SHIPPED_NAME).then(|| Path::new(&self.source))
    }

    /// What was checked, in a line.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self { source, config, .. } = self;
        let what = match config.mode {
            Mode::Simulation | Mode::Paper => format!("{} instruments", config.symbols.len()),
            Mode::Replay | Mode::Backtest => format!("{} recordings", config.input.len()),
        };
        let runs = self
            .sweep
            .as_ref()
            .map_or(String::new(), |sweep| format!(", {} runs", sweep.points.len()));
        format!("{source} has no faults: {} on {}, {what}{runs}", config.mode.name(), config.venue)
    }
}
