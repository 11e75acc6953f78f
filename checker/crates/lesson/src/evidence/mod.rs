//! Evidence: everything that was seen, as one serialisable value.
//!
//! Hosts gather it (from the learner's files and from the engine), the core judges it, and a recording is nothing but
//! this value written to a file. So a verdict can be reached again, without an engine, from what was seen once.
//!
//! Shapes are kept raw on purpose: containers are what the engine's inspect call returned, answers are the bytes that
//! came back. Reading them is the core's work (see [`crate::container`]), so that a recording replays the reading too.

mod answers;
mod files;
mod world;

pub use answers::{
    Answer, Answered, Bytes, FileInside, FileKind, InsideClient, MilvusCall, Probe, Unanswered, Via,
};
pub use files::{FileSeen, FilesSeen};
pub use world::{
    BuiltSeen, ContainerSeen, EngineSeen, HostPort, ImageSeen, LooseSeen, PortHolder, PortSeen,
    Process, Wanted, WorldSeen,
};

use serde::{Deserialize, Serialize};

/// Version of the recorded form; raised when an older reader could no longer read it.
pub const SCHEMA_VERSION: u32 = 1;

/// What was seen of one learner's attempt at one lesson.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// [`SCHEMA_VERSION`] of the program that wrote it.
    pub schema_version: u32,
    /// The lesson it was gathered for, as `lesson-4`.
    pub lesson: String,
    /// When it was gathered. Everything that is said about time ("18 s ago") is measured against this, never a clock.
    pub at: jiff::Timestamp,
    /// The learner's files, as far as they were read.
    pub files: FilesSeen,
    /// The engine, its containers, and what answered.
    pub world: WorldSeen,
}
