//! `checker lint`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use compose::{Finding, ReadError, Reader, Start};
use dockerfile::context::Listing;
use lesson::evidence::{FileSeen, FilesSeen};
use lesson::rules::lint::{self, Level, Lint, Looked};
use lesson::secrets::Mask;

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
    let mut masks = Vec::new();
    let looked: Vec<Looked> = targets
        .iter()
        .map(|target| match target.files(&here) {
            Ok((folder, files)) => {
                masks.push(Mask::of(&compose::load(&files, &files.request())));
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
            anstream::print!("{}", masked(output::lint::human(&looked), &mut masks));
            String::new()
        }
        LintFormat::Json => masked_document(&output::lint::json(&looked)?, &mut masks)?,
        LintFormat::Sarif => masked_document(&output::lint::sarif(&looked)?, &mut masks)?,
        LintFormat::Github => masked(output::lint::github(&looked), &mut masks),
    };
    config::print_as_it_is(&text)?;
    Ok(exit(&looked, arguments.deny))
}

/// A text without secrets.
fn masked(text: String, masks: &mut [Mask]) -> String {
    masks.iter_mut().fold(text, |text, mask| mask.text(&text))
}

/// A document without secrets; as it is where it has none.
fn masked_document(text: &str, masks: &mut [Mask]) -> anyhow::Result<String> {
    let document: serde_json::Value = serde_json::from_str(text)?;
    let mut shown = document.clone();
    masks.iter_mut().for_each(|mask| mask.document(&mut shown));
    if shown == document {
        return Ok(text.to_owned());
    }
    Ok(serde_json::to_string_pretty(&shown)? + "\n")
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

/// The Compose file that stands for a Dockerfile alone. No file is called so.
const DOCKERFILE_ALONE: &str = "\0dockerfile.yaml";

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
    if let Err(error) = reader.read(name) {
        let path = folder.join(name);
        let message = match error {
            ReadError::NotFound => format!("There is no file `{}`.", path.display()),
            error => format!("The file `{}` cannot be read: {error}.", path.display()),
        };
        let finding = Finding::error("file-not-readable", message, None);
        return Err(Box::new(finding.help("check its name with `ls`")));
    }
    let build = serde_json::json!({"context": ".", "dockerfile": name});
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

/// `Dockerfile`, `Dockerfile.dev`, `api.Dockerfile`, `Containerfile`.
fn is_dockerfile(name: &str) -> bool {
    let name = name.to_lowercase();
    ["dockerfile", "containerfile"].iter().any(|word| {
        let is_start = name
            .strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']));
        let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
        (is_start && !is_yaml) || name.ends_with(&format!(".{word}"))
    })
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
