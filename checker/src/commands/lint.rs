//! `checker lint`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use compose::{Finding, ReadError, Reader, SourceId, Start};
use dockerfile::Kind;
use dockerfile::context::Listing;
use lesson::evidence::{FileSeen, FilesSeen};
use lesson::rules::lint::{self, Level, Lint, Looked};

use super::config;
use crate::cli::{Deny, LintArguments, LintFormat};
use crate::{Exit, capture, output};

pub fn run(arguments: &LintArguments) -> anyhow::Result<Exit> {
    let here = config::current_folder()?;
    let chosen = |lint: &Lint| {
        let is_named = |names: &[String]| names.iter().any(|name| name == lint.rule.name);
        (arguments.rules.is_empty() || is_named(&arguments.rules)) && !is_named(&arguments.allow)
    };
    let targets = match arguments.files.as_slice() {
        [] => vec![Target::Here],
        files => files.iter().map(|file| Target::of(&here, file)).collect(),
    };
    let looked: Vec<Looked> = targets
        .iter()
        .map(|target| match target.files(&here) {
            Ok((folder, files)) => {
                let mut looked = lint::look_at(files, &chosen);
                looked
                    .sources
                    .rename(|path| config::as_seen_from(&here, &folder, path));
                target.cleaned(looked)
            }
            Err(finding) => Looked {
                refused: vec![*finding],
                ..Looked::default()
            },
        })
        .collect();
    let text = match arguments.format {
        LintFormat::Human => {
            anstream::print!("{}", output::lint::human(&looked));
            String::new()
        }
        LintFormat::Json => output::lint::json(&looked)?,
        LintFormat::Sarif => output::lint::sarif(&looked)?,
        LintFormat::Github => output::lint::github(&looked),
    };
    config::print_as_it_is(&text)?;
    Ok(exit(&looked, arguments.deny))
}

fn exit(looked: &[Looked], deny: Deny) -> Exit {
    let least = match deny {
        Deny::Problems => Level::Problem,
        Deny::Cautions => Level::Caution,
        Deny::Notes => Level::Note,
    };
    let mut findings = looked.iter().flat_map(|looked| &looked.findings);
    if looked.iter().any(|looked| !looked.refused.is_empty()) {
        Exit::Usage
    } else if findings.any(|finding| finding.lint.level >= least) {
        Exit::Failed
    } else {
        Exit::Success
    }
}

/// What is looked at.
enum Target {
    /// The project that Compose finds here.
    Here,
    /// The project of a folder.
    Folder(PathBuf),
    /// A Compose file.
    Compose(PathBuf),
    /// A Dockerfile, with its folder as the build's context.
    Dockerfile { folder: PathBuf, name: String },
}

/// The Compose file that stands for a Dockerfile alone. It is never on disk.
const DOCKERFILE_ALONE: &str = ".checker-dockerfile-alone.yaml";

impl Target {
    fn of(here: &Path, file: &Path) -> Self {
        let path = clean(&here.join(file));
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            Self::Folder(path)
        } else if is_dockerfile(&name) {
            Self::Dockerfile {
                folder: path.parent().unwrap_or(here).to_path_buf(),
                name: name.into_owned(),
            }
        } else {
            Self::Compose(file.to_path_buf())
        }
    }

    /// Reads the target's files; also the folder that their paths start from.
    fn files(&self, here: &Path) -> Result<(PathBuf, FilesSeen), Box<Finding>> {
        let mut environment = config::environment();
        // What is started only now and then is to be right as well.
        environment.insert("COMPOSE_PROFILES".to_owned(), "*".to_owned());
        let mut start = Start {
            folder: config::text(here),
            ..Start::default()
        };
        match self {
            Self::Here => {}
            Self::Compose(file) => start.files.push(config::text(file)),
            Self::Folder(folder) => {
                start.folder = config::text(folder);
                environment.remove("PWD");
                environment.remove("COMPOSE_FILE");
            }
            Self::Dockerfile { folder, name } => {
                return dockerfile_alone(folder, name).map(|files| (folder.clone(), files));
            }
        }
        start.environment = environment;
        let request = start.find(&config::reader(here, None)?)?.request;
        let folder = PathBuf::from(&request.project_directory);
        let reader = config::reader(&folder, None)?;
        let mut files = capture::read_files(
            &reader,
            FilesSeen {
                folder_name: request.folder_name,
                compose_files: request.files,
                environment: request.environment,
                ..FilesSeen::default()
            },
        );
        lesson::capture_builds(&Unlisted(&reader), &mut files);
        Ok((folder, files))
    }

    /// Without what is said of the Compose file that stands for a Dockerfile.
    fn cleaned(&self, mut looked: Looked) -> Looked {
        if let Self::Dockerfile { .. } = self {
            let sources = &looked.sources;
            let is_shown = |finding: &lint::Finding| {
                let source = sources.get(finding.remark.span.source);
                !source.path.ends_with(DOCKERFILE_ALONE)
            };
            looked.findings.retain(is_shown);
            for finding in &mut looked.findings {
                finding.remark.services.clear();
            }
        }
        looked
    }
}

fn dockerfile_alone(folder: &Path, name: &str) -> Result<FilesSeen, Box<Finding>> {
    let reader = config::reader(folder, None)?;
    let text = reader.read(name).map_err(|error| {
        let path = folder.join(name);
        let message = match error {
            ReadError::NotFound => format!("There is no file `{}`.", path.display()),
            error => format!("The file `{}` cannot be read: {error}.", path.display()),
        };
        let finding = Finding::error("file-not-readable", message, None);
        Box::new(finding.help("check its name with `ls`"))
    })?;
    let arguments = open_arguments(&String::from_utf8_lossy(&text));
    let build = serde_json::json!({"context": ".", "dockerfile": name, "args": arguments});
    let compose = serde_json::json!({"services": {"image": {"build": build}}});
    let mut files = FilesSeen {
        folder_name: "dockerfile".to_owned(),
        compose_files: vec![DOCKERFILE_ALONE.to_owned()],
        files: BTreeMap::from([(
            DOCKERFILE_ALONE.to_owned(),
            FileSeen::Text(compose.to_string()),
        )]),
        ..FilesSeen::default()
    };
    lesson::capture_builds(&Unlisted(&reader), &mut files);
    Ok(files)
}

/// Arguments above the first `FROM` that only the command line of a build sets. What is built from cannot be known then; that
/// something is there is enough.
fn open_arguments(text: &str) -> BTreeMap<String, &'static str> {
    let dockerfile = dockerfile::parse(text, SourceId(0));
    let first = dockerfile
        .stages
        .first()
        .map_or(0, |stage| stage.instructions.start);
    let above = dockerfile.instructions.iter().take(first);
    let variables = above.flat_map(|instruction| match &instruction.kind {
        Kind::Arg(variables) => variables.as_slice(),
        _ => &[],
    });
    variables
        .filter(|variable| variable.value.is_none())
        .map(|variable| (variable.name.text.clone(), "any"))
        .collect()
}

/// `Dockerfile`, `Dockerfile.dev`, `api.Dockerfile`, `Containerfile`.
fn is_dockerfile(name: &str) -> bool {
    let name = name.to_lowercase();
    let is_other = [".yaml", ".yml", ".dockerignore"]
        .iter()
        .any(|end| name.ends_with(end));
    !is_other && (name.contains("dockerfile") || name.contains("containerfile"))
}

/// Reads files and lists no folder: no rule asks what lies in a build's context.
struct Unlisted<'a>(&'a config::Files);

impl Reader for Unlisted<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.0.read(path)
    }
}

impl lesson::Folders for Unlisted<'_> {
    fn list(&self, _: &str) -> Option<Listing> {
        None
    }
}

/// Without `.` and the last slash, which the core would take for names.
fn clean(path: &Path) -> PathBuf {
    path.components().collect()
}
