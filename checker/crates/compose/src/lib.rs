//! Compose files, read as Docker Compose 2.40.3 reads them, with a place for every value.

mod at;
mod consistency;
#[cfg(not(target_family = "wasm"))]
pub mod disk;
mod dotenv;
mod expand;
mod files;
mod finding;
pub mod image;
mod interpolate;
mod load;
mod merge;
mod mount;
mod node;
mod normalize;
mod path;
mod port;
mod project;
mod reader;
pub mod render;
mod resolve;
mod scalar;
mod settle;
mod shell_words;
mod source;
mod specification;
pub mod suggest;
mod syntax;
pub mod tree;
pub mod units;
mod validate;

pub use finding::{Finding, Severity};
pub use load::{Loaded, Request, load};
pub use node::{Entry, KeyKind, Mapping, Node, Origin, Step, Value, VariableOrigin};
pub use project::{
    Dependency, DependencyCondition, Healthcheck, Mount, MountKind, NetworkAttachment, Port,
    Project, Service,
};
pub use reader::{FileRead, MemoryReader, ReadError, ReadOutcome, Reader};
pub use source::{Position, Source, SourceId, Sources, Span};
