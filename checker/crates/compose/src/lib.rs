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
//! # From a folder, with its surroundings
//!
//! [`Start`] finds the project as a command line means it: the folder, the files (`compose.yaml` and its override, those of
//! `-f`, those of `COMPOSE_FILE`, those of a folder above) and the variables. What it finds is a [`Request`]; one can be
//! written by hand as well. A [`Reader`] sets the bounds of what may be read: [`disk::ConfinedDirectory`] a folder,
//! [`MemoryReader`] what it is given.
//!
//! ```
//! use compose::disk::ConfinedDirectory;
//! use compose::{Start, load};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("compose-manual-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # std::fs::write(folder.join("compose.yaml"), "services: {web: {image: \"nginx:${TAG:-1.27}\"}}")?;
//! // Nothing outside `folder` is read, whatever `include`, `extends`, `env_file` or a symbolic link say.
//! let reader = ConfinedDirectory::new(&folder)?;
//! let start = Start {
//!     folder: reader.project().to_string_lossy().into_owned(),
//!     environment: [("TAG".to_string(), "1.29".to_string())].into(),
//!     ..Start::default()
//! };
//! let found = start.find(&reader).map_err(|finding| finding.message)?;
//! let loaded = load(&reader, &found.request);
//! let project = loaded.project.ok_or("Compose would refuse it")?;
//! assert_eq!(project.root().get("services.web.image").and_then(|image| image.as_str()), Some("nginx:1.29"));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(())
//! # }
//! ```
//!
//! Several files are merged in their order, key by key, as Compose merges them; `!reset` and `!override` are followed:
//!
//! ```
//! use compose::{MemoryReader, Request, load};
//!
//! let reader = MemoryReader::new([
//!     ("compose.yaml", "services: {web: {image: nginx, ports: [\"80:80\"], environment: {A: 1, B: 2}}}"),
//!     ("prod.yaml", "services: {web: {ports: !override [\"443:443\"], environment: [B=3]}}"),
//! ]);
//! let request = Request {
//!     files: vec!["compose.yaml".into(), "prod.yaml".into()],
//!     folder_name: "shop".into(),
//!     ..Request::default()
//! };
//! let project = load(&reader, &request).project.expect("it loads");
//! let web = project.service("web").expect("it is there");
//! assert_eq!(web.ports().len(), 1);
//! assert_eq!(web.environment("B").and_then(|value| value.as_str()), Some("3"));
//! ```
//!
//! # The model
//!
//! A [`Project`]'s [`root`](Project::root) is the canonical model: the tree that `docker compose config` prints. Short forms
//! are written out, defaults filled in, variables put in, paths made absolute where
//! [`project_directory`](Request::project_directory) says where the project lies; what no service uses is left out, and so are
//! services without an active profile ([`Project::disabled_services`]). [`Service`] and its parts are typed views of it.
//! [`mod@print`] writes the model, in Compose's own two notations, byte for byte.
//!
//! Whatever the file's spelling, a value has one shape:
//!
//! | keys | shape in the model |
//! |---|---|
//! | `services`, `networks`, `volumes`, `configs`, `secrets`, `models` | mapping by name; a network, volume, config or secret has its full `name` |
//! | `ports` | list of mappings, one a port, ranges written out: `target` a number, `published` a text (also a range), `protocol`, `mode`, `host_ip` |
//! | `volumes` of a service | list of mappings: `type`, `source`, `target`, `read_only`, and `bind`, `volume` or `tmpfs` with the rest |
//! | `environment`, `labels`, `args`, `sysctls` … | mapping from name to text; null where only the name is given and nothing sets it. What `env_file` and `label_file` say is in it |
//! | `command`, `entrypoint`, `healthcheck.test` | list of texts, a shell's quoting undone; a test in one line is `["CMD-SHELL", line]` |
//! | `depends_on` | mapping from service to `condition`, `required` and, if true, `restart` |
//! | `networks` of a service | mapping from network to null or its settings; `default` is there without being written |
//! | `build` | mapping with `context` and `dockerfile` |
//! | durations (`interval`, `stop_grace_period` …) | text as Go writes it: `1m30s`. [`units::duration`] reads it |
//! | sizes (`mem_limit`, `shm_size` …) | text with the number of bytes: `"1073741824"`. [`units::bytes`] reads what files say |
//! | `cpus`, `cpu_percent` … | number |
//! | file modes | text with octal digits: `"0440"` |
//! | `x-…` | as it is written; shown in YAML only where Compose shows it |
//!
//! # Where a value comes from
//!
//! A [`Node`] is a value with its [`Origin`]: the [`Span`] where it is written and the [`Step`]s it went through: an alias, a
//! merge, a variable and where that was set, a default, a short form, `extends`, `include`. [`explain`] tells them for people.
//! Spans are in bytes of a [`Source`]; [`Sources::position`] gives line and column, both from 1, columns in characters.
//!
//! # What is wrong
//!
//! [`load`] never fails: [`Loaded::project`] is missing if, and only if, there is an error among [`Loaded::findings`]. A
//! [`Finding`] has a severity, a stable [`code`](Finding::code) such as `unknown-key`, the value's path, its place, and the next step. Errors are
//! what Compose would refuse, and all that can be known at once are given, not the first alone. Warnings are what it would
//! only mention. [`render`] prints findings as rustc prints its own, and as JSON ([`render::json`]).
//!
//! ```
//! use compose::{MemoryReader, Request, load};
//!
//! let reader = MemoryReader::new([("compose.yaml", "services:\n  web:\n    image: nginx\n    prots: [\"80:80\"]\n    depends_on: [bd]\n")]);
//! let loaded = load(&reader, &Request { folder_name: "shop".into(), ..Request::default() });
//! assert!(loaded.project.is_none());
//! let unknown = loaded.errors().next().expect("there is one");
//! assert_eq!((unknown.code, unknown.path.as_deref()), ("unknown-key", Some("services.web.prots")));
//! assert_eq!(unknown.help.as_deref(), Some("did you mean `ports`?"));
//! ```
//!
//! # Bounds
//!
//! Input is never trusted. Files over 16 MiB, deep nesting and alias bombs ([`tree::Limits`]), variables that grow without bound
//! and files that ask for each other again and again are refused at once, with the place. Nothing is fetched: `include` and
//! `extends` of another machine's files are refused. Paths of builds, mounts, secrets and configs are values; nothing is opened
//! there.
//!
//! # Agreement
//!
//! `checker dev conformance` compares verdict and model with Docker Compose's, on recorded projects or live. What is known to
//! differ: Compose loads a named key of `build.ssh` and then cannot print it as JSON; a network called `x-…`; numbers beyond 64 bits in typed
//! keys, where Compose wraps around; nonsense that an override puts over a mapping and Compose overlooks (`build: [a]`);
//! symbolic links in `develop.watch`; an `include` whose `project_directory` does not exist; and what is random in Compose itself.
//!
//! # Useful alone
//!
//! [`tree`] reads any YAML file into located nodes; [`image`] reads image references, [`units`] durations and sizes;
//! [`suggest`] finds the name that was meant.

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
pub use node::{Entry, KeyKind, Mapping, Node, Origin, Step, Steps, Tag, Value, VariableOrigin};
pub use project::{
    Dependency, DependencyCondition, Healthcheck, Mount, MountKind, NetworkAttachment, Port,
    Project, Service,
};
pub use reader::{FileRead, MemoryReader, ReadError, ReadOutcome, Reader};
pub use source::{Position, Source, SourceId, Sources, Span};
pub use start::{Found, Start};

// The example in the README runs as well.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
