//! `checker config`

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use compose::disk::ConfinedDirectory;
use compose::render::{self, Style};
use compose::{Finding, Loaded, Project, ReadError, Reader, Sources, Start};

use lesson::secrets::Mask;

use crate::Exit;
use crate::cli::{ConfigArguments, ConfigFormat};

pub fn run(arguments: &ConfigArguments) -> anyhow::Result<Exit> {
    let here = current_folder()?;
    let start = Start {
        folder: text(&here),
        files: arguments
            .files
            .iter()
            .map(|file| text(Path::new(file)))
            .collect(),
        project_directory: arguments.project_directory.clone(),
        env_files: arguments.env_files.clone(),
        project_name: arguments.project_name.clone(),
        profiles: arguments.profiles.clone(),
        environment: environment(),
    };
    let confine = arguments.confine.as_deref();
    let loaded = read(&start, &here, confine).unwrap_or_else(|finding| nothing_but(*finding));
    // The model itself is printed as Compose prints it, since that is what is asked for; nothing else shows a secret.
    let mask = || Mask::of(&loaded);
    let Some(project) = &loaded.project else {
        tell_errors(
            &loaded.findings,
            &loaded.sources,
            arguments.format,
            &mut mask(),
        )?;
        // What has no place was not written by anybody: it was asked for in the wrong way or in the wrong folder.
        let is_usage = loaded.errors().any(|finding| finding.span.is_none());
        return Ok(if is_usage { Exit::Usage } else { Exit::Failed });
    };
    let exit = match &arguments.explain {
        // Who asks for one value is told about that one.
        Some(path) => explain(
            project,
            &loaded.sources,
            path,
            arguments.format,
            &mut mask(),
        ),
        None => {
            // To look for every secret takes as long as to read the files.
            if !loaded.findings.is_empty() {
                tell(&loaded.findings, &loaded.sources, &mut mask());
            }
            show(project, arguments).map(|()| Exit::Success)
        }
    };
    // The program ends here; giving a large model back piece by piece would only take time.
    std::mem::forget(loaded);
    exit
}

/// Loads the project that a command line means. Its files are called as a person in `here` calls them; nothing outside `confine`
/// is read, where it is given.
fn read(start: &Start, here: &Path, confine: Option<&Path>) -> Result<Loaded, Box<Finding>> {
    let found = start.find(&reader(here, confine)?)?;
    let folder = PathBuf::from(&found.request.project_directory);
    if !folder.is_dir() {
        let message = format!("The project's folder `{}` is not there.", folder.display());
        let finding = Finding::error("folder-not-found", message, None);
        return Err(Box::new(finding.help(match start.project_directory {
            Some(_) => "check what `--project-directory` says",
            None if start.files.is_empty() => {
                "the variable `COMPOSE_FILE` of your shell names the file: check it, or `unset COMPOSE_FILE`"
            }
            None => "check the folder in the name of the first Compose file",
        })));
    }
    let mut loaded = compose::load(&reader(&folder, confine)?, &found.request);
    loaded.findings.extend(found.findings);
    loaded
        .sources
        .rename(|path| as_seen_from(here, &folder, path));
    Ok(loaded)
}

fn nothing_but(finding: Finding) -> Loaded {
    Loaded {
        project: None,
        findings: vec![finding],
        sources: Sources::new(),
        files_read: Vec::new(),
    }
}

fn show(project: &Project, arguments: &ConfigArguments) -> anyhow::Result<()> {
    if arguments.quiet {
        return Ok(());
    }
    let model = match arguments.format {
        ConfigFormat::Yaml => compose::print::yaml(project),
        ConfigFormat::Json => compose::print::json(project),
    };
    print_as_it_is(&model)
}

/// Past what takes colours out: that would also take out control characters of a value.
pub(super) fn print_as_it_is(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        // Who reads, as `head`, has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

fn explain(
    project: &Project,
    sources: &Sources,
    path: &str,
    format: ConfigFormat,
    mask: &mut Mask,
) -> anyhow::Result<Exit> {
    match compose::explain::explain(project, sources, path) {
        Ok(explanation) => {
            match format {
                ConfigFormat::Yaml => {
                    let text = render::explanation(&explanation, sources, Style::Coloured);
                    anstream::print!("{}", mask.text(&text));
                }
                ConfigFormat::Json => {
                    let mut document = render::json::explanation(&explanation, sources);
                    mask.document(&mut document);
                    print_json(&document)?;
                }
            }
            Ok(Exit::Success)
        }
        Err(finding) => {
            tell_errors(&[*finding], sources, format, mask)?;
            Ok(Exit::Usage)
        }
    }
}

/// Errors where they are looked for: on stderr for a person, on stdout for a program.
fn tell_errors(
    findings: &[Finding],
    sources: &Sources,
    format: ConfigFormat,
    mask: &mut Mask,
) -> anyhow::Result<()> {
    match format {
        ConfigFormat::Yaml => {
            tell(findings, sources, mask);
            Ok(())
        }
        ConfigFormat::Json => {
            let mut document = render::json::findings(findings, sources);
            mask.document(&mut document);
            print_json(&document)
        }
    }
}

fn print_json(document: &serde_json::Value) -> anyhow::Result<()> {
    print_as_it_is(&(serde_json::to_string_pretty(document)? + "\n"))
}

pub(super) fn tell(findings: &[Finding], sources: &Sources, mask: &mut Mask) {
    for (index, finding) in findings.iter().enumerate() {
        let separator = if index > 0 { "\n" } else { "" };
        let text = render::finding(finding, sources, Style::Coloured);
        anstream::eprint!("{separator}{}", mask.text(&text));
    }
}

/// The folder as the shell calls it: through symbolic links, where it came through them.
pub(super) fn current_folder() -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("the current folder is not there any more")?;
    let as_called = std::env::var_os("PWD").map(PathBuf::from);
    let is_same = |called: &PathBuf| {
        called.is_absolute() && called.canonicalize().ok() == here.canonicalize().ok()
    };
    Ok(as_called.filter(is_same).unwrap_or(here))
}

pub(super) fn environment() -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// A path as the core writes it, separated by `/`.
pub(super) fn text(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text.into_owned()
    }
}

/// Reads from disk, and `-` from standard input.
pub(super) struct Files {
    on_disk: ConfinedDirectory,
}

/// A reader that starts in `folder` and may read what the caller may, or what `--confine` leaves.
pub(super) fn reader(folder: &Path, confine: Option<&Path>) -> Result<Files, Box<Finding>> {
    let everything = folder.ancestors().last().unwrap_or(folder);
    let bounds = confine.unwrap_or(everything);
    let refusal = |code, message: String, next: &str| {
        Box::new(Finding::error(code, message, None).help(next))
    };
    if !bounds.is_dir() {
        return Err(refusal(
            "folder-not-found",
            format!("`{}` is no folder.", bounds.display()),
            "name a folder after `--confine`, the project's own or one above it",
        ));
    }
    match ConfinedDirectory::within(bounds, folder) {
        Ok(on_disk) => Ok(Files { on_disk }),
        Err(error) if error.kind() == ErrorKind::InvalidInput => Err(refusal(
            "file-outside",
            format!(
                "The folder `{}` lies outside `{}`, the only one that may be read.",
                folder.display(),
                bounds.display()
            ),
            "name a folder after `--confine` that holds the project",
        )),
        Err(error) => Err(refusal(
            "file-not-readable",
            format!("The folder `{}` cannot be read: {error}.", folder.display()),
            "check that it is there, and that you may read it",
        )),
    }
}

impl Reader for Files {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        if path != "-" {
            return self.on_disk.read(path);
        }
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| ReadError::Other(error.to_string()))?;
        Ok(bytes)
    }
}

/// How a person in `here` calls a file that the loader calls `path`, seen from the project's `folder`.
pub(super) fn as_seen_from(here: &Path, folder: &Path, path: &str) -> String {
    if path == "-" {
        return "standard input".into();
    }
    let path = folder.join(path);
    let mut above = String::new();
    for base in here.ancestors().take(4) {
        if let Ok(inside) = path.strip_prefix(base) {
            return above + &text(inside);
        }
        above += "../";
    }
    text(&path)
}
