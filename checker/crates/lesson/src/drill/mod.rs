//! Drills: `drills/NAME.yaml` beside a lesson, and what comes of them.
//!
//! A drill does something to the lesson's own running project, says why, and looks at what comes of it. What it does is
//! data; how it is done, undone and watched is the host's work. The file's name is the drill's id.
//!
//! ```yaml
//! title: What `docker compose down` keeps
//! teaches: Containers come and go; a named volume stays until somebody removes it.
//! after: [redis-runs]
//! steps:
//!   - do: down
//!     why: It removes the containers and the project's network, and names no volume.
//!     expect:
//!       - title: the container is gone
//!         gone: {container: redis}
//!       - title: the volume is still the same one
//!         same: {volumes-of: redis}
//! ```
//!
//! The doc comments of this module are the format's manual: the JSON Schema is generated from them.

mod judge;
mod parse;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::format::{ExecPlace, Look, Question};

pub use judge::{Standing, compared, judge_step, lesson_of_step};
pub use parse::parse_drill;

/// A drill as its file describes it.
#[derive(Debug, Clone)]
pub struct Drill {
    /// Unique in the lesson and for ever; the file's name without `.yaml`.
    pub id: String,
    /// What it is about.
    pub header: DrillHeader,
    /// What is done, in this order; at least one.
    pub steps: Vec<Step>,
}

/// Everything about a drill but its steps.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DrillHeader {
    /// A heading.
    pub title: String,
    /// The sentence to take home.
    pub teaches: String,
    /// Checks of the lesson that have to pass before the drill begins.
    pub after: Vec<String>,
}

/// One step of a drill.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is done, and why.
    pub header: StepHeader,
    /// What has to be true afterwards, all of it at the same moment.
    pub expect: Vec<Expectation>,
}

/// Everything about a step but what it expects.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StepHeader {
    /// What is done. A step without it only looks.
    #[serde(rename = "do")]
    pub act: Option<Act>,
    /// Why it is done, in one sentence.
    pub why: String,
    /// Asked before the step on a terminal, and compared with what happened; never counted.
    pub predict: Option<Question>,
    /// How long its expectations may take to become true, as `30s`.
    #[serde(default = "a_minute")]
    pub within: String,
}

fn a_minute() -> String {
    "60s".to_owned()
}

/// Something done to the lesson's own project.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// `docker compose up --detach --wait`
    Up,
    /// `docker compose up --detach --wait --force-recreate`
    #[serde(rename = "up --force-recreate")]
    UpForceRecreate,
    /// `docker compose down`
    Down,
    /// `docker compose down --volumes`
    #[serde(rename = "down --volumes")]
    DownVolumes,
    /// `docker compose stop` for these services; an empty list means all.
    Stop(Vec<String>),
    /// `docker compose start` for these services; an empty list means all.
    Start(Vec<String>),
    /// `docker compose restart` for these services; an empty list means all.
    Restart(Vec<String>),
    /// `docker compose kill`
    Kill(Kill),
    /// `docker compose exec`: a command that may write. One that only reads belongs under `expect`. It has to end with
    /// exit code 0, and may not write into a bind-mounted folder, which is not put back.
    Exec(ExecPlace),
}

/// A signal for the first process of each container.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Kill {
    /// The services; an empty list means all.
    pub services: Vec<String>,
    /// `SIGKILL`, `SIGTERM`, …
    #[serde(default = "sigkill")]
    pub signal: String,
}

fn sigkill() -> String {
    "SIGKILL".to_owned()
}

/// Something that has to be true.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// What is true when it passes, as a sentence without a full stop.
    pub title: String,
    /// Where it shows.
    pub shows: Shows,
}

/// Where an expectation shows.
#[derive(Debug, Clone)]
pub enum Shows {
    /// At a place of the lesson format, by its matchers.
    At(Look),
    /// In comparison with the moment before the drill.
    Since(Compared),
}

/// A comparison with the moment before the drill.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// It is the one it was; of a path: with the content it had.
    Same(Thing),
    /// There is another in its place; of a path: with another content.
    Replaced(Thing),
    /// There is none any more.
    Gone(Thing),
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Thing {
    /// The containers of this service.
    Container(String),
    /// The volume with this key under `volumes:` of the compose file.
    Volume(String),
    /// The volumes from the compose file that this service's containers used before the drill, whatever their keys.
    VolumesOf(String),
    /// A file, or a folder with everything in it, in the lesson's folder.
    Path(String),
}

/// Names of the keys that are comparisons.
pub(crate) const COMPARED_KEYS: [&str; 3] = ["same", "replaced", "gone"];

/// What a drill may change that starting and stopping does not bring back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Endangered {
    /// Files that containers wrote outside every mount.
    pub layers: bool,
    /// Content of volumes.
    pub volumes: bool,
}

impl Drill {
    /// What its steps may change that starting and stopping does not bring back.
    pub fn endangers(&self) -> Endangered {
        let acts = self
            .steps
            .iter()
            .filter_map(|step| step.header.act.as_ref());
        acts.fold(Endangered::default(), |all, act| {
            let (layers, volumes) = match act {
                // What was written before `up` may not be in the file that it starts from.
                Act::Up | Act::UpForceRecreate => (true, false),
                // Without --volumes it still cuts containers off from their anonymous volumes.
                Act::Down | Act::DownVolumes | Act::Exec(_) => (true, true),
                Act::Stop(_) | Act::Start(_) | Act::Restart(_) | Act::Kill(_) => (false, false),
            };
            Endangered {
                layers: all.layers || layers,
                volumes: all.volumes || volumes,
            }
        })
    }

    /// The paths it compares.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let expectations = self.steps.iter().flat_map(|step| &step.expect);
        expectations.filter_map(|expectation| match &expectation.shows {
            Shows::Since(compared) => match compared.thing() {
                Thing::Path(path) => Some(path.as_str()),
                Thing::Container(_) | Thing::Volume(_) | Thing::VolumesOf(_) => None,
            },
            Shows::At(_) => None,
        })
    }
}

impl StepHeader {
    /// How long its expectations may take to become true.
    pub fn within(&self) -> Duration {
        // Examined when the file was read.
        compose::units::duration(&self.within).unwrap_or(Duration::from_secs(60))
    }
}

impl Act {
    /// The arguments of `docker compose`, so that a learner can do the same by hand.
    pub fn arguments(&self) -> Vec<String> {
        let (verb, more): (&[&str], &[String]) = match self {
            Self::Up => (&["up", "--detach", "--wait"], &[]),
            Self::UpForceRecreate => (&["up", "--detach", "--wait", "--force-recreate"], &[]),
            Self::Down => (&["down"], &[]),
            Self::DownVolumes => (&["down", "--volumes"], &[]),
            Self::Stop(services) => (&["stop"], services),
            Self::Start(services) => (&["start"], services),
            Self::Restart(services) => (&["restart"], services),
            Self::Kill(kill) => (&["kill", "--signal", kill.signal.as_str()], &kill.services),
            Self::Exec(exec) => {
                let words = ["exec", "-T", exec.service.as_str()];
                let words = words.into_iter().map(str::to_owned);
                return words.chain(exec.command.iter().cloned()).collect();
            }
        };
        let verb = verb.iter().map(|word| (*word).to_owned());
        verb.chain(more.iter().cloned()).collect()
    }

    /// The services it names; none where it means all of them.
    pub fn services(&self) -> &[String] {
        match self {
            Self::Up | Self::UpForceRecreate | Self::Down | Self::DownVolumes => &[],
            Self::Stop(services) | Self::Start(services) | Self::Restart(services) => services,
            Self::Kill(kill) => &kill.services,
            Self::Exec(exec) => std::slice::from_ref(&exec.service),
        }
    }
}

impl Compared {
    /// What is compared.
    pub fn thing(&self) -> &Thing {
        match self {
            Self::Same(thing) | Self::Replaced(thing) | Self::Gone(thing) => thing,
        }
    }
}
