//! Compose files, read as Docker Compose 2.40.3 reads them, with a place for every value.
//!
//! [`load`] takes a [`Reader`] (where files come from) and a [`Request`] (which files, which surroundings) and returns
//! [`Loaded`]: the [`Project`] if Compose would accept it, and every [`Finding`] there is, each with its place.
//! There is no other input: no environment is read, no file is opened and nothing is printed unless the caller does it,
//! so the same call works on disk ([`disk::ConfinedDirectory`]), in memory ([`MemoryReader`]) and in a browser.
//!
//! ```
//! use compose::render::{self, Style};
//! use compose::{MemoryReader, Request, load};
//!
//! let reader = MemoryReader::new([(
//!     "compose.yaml",
//!     "services:\n  web:\n    image: nginx:1.27\n    ports: [\"8080:80\"]\n    depends_on: [db]\n  db:\n    image: postgres:17\n",
//! )]);
//! let loaded = load(&reader, &Request { folder_name: "shop".into(), ..Request::default() });
//! for finding in &loaded.findings {
//!     eprint!("{}", render::finding(finding, &loaded.sources, Style::Plain));
//! }
//! let project = loaded.project.expect("Compose accepts this file");
//! let web = project.service("web").expect("there is a service called web");
//! assert_eq!(web.ports()[0].published.as_deref(), Some("8080"));
//!
//! // Every value has a place, and knows how it came there.
//! let image = web.image().expect("it has an image");
//! let position = loaded.sources.position(image.span());
//! assert_eq!((position.line, position.column), (3, 12));
//! ```
//!
//! # What is where
//!
//! - A [`Project`]'s [`root`](Project::root) is the canonical model: the tree that `docker compose config` prints, short
//!   forms written out, defaults filled in, variables put in, what no service uses left out. [`Service`] and its parts
//!   are typed views of it.
//! - A [`Node`] is a value with its [`Origin`]: the [`Span`] where it is written, and the [`Step`]s it went through
//!   (an alias, a merge, a variable and where that was set, a default, `extends`, `include`).
//! - A [`Finding`] is an error or a warning. [`render`] prints it as rustc prints its own, or as JSON.
//! - [`explain`] tells for people where a value came from, and [`print`] writes the model as `docker compose config` does.
//! - [`Start`] finds the project as a command line means it: the folder, the files, the surroundings.
//! - [`tree`] reads any YAML file into located nodes; [`image`], [`units`] and [`suggest`] are useful on their own.
//!
//! # Bounds
//!
//! Input is never trusted: files over 16 MiB, deep nesting, alias bombs and variables that grow without bound are refused
//! at once ([`tree::Limits`]), and a path that leaves the folder is for the [`Reader`] to allow.
//! `include` and `extends` of another machine's files are refused: nothing is fetched.

mod at;
mod consistency;
#[cfg(not(target_family = "wasm"))]
pub mod disk;
mod dotenv;
mod expand;
pub mod explain;
mod files;
mod finding;
pub mod image;
mod interpolate;
mod lenient;
mod load;
mod merge;
mod mount;
mod node;
mod normalize;
mod path;
mod port;
pub mod print;
mod project;
#[cfg(test)]
mod properties;
mod reader;
pub mod render;
mod resolve;
mod scalar;
mod settle;
mod shell_words;
mod source;
mod specification;
mod start;
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
pub use start::{Found, Start};
