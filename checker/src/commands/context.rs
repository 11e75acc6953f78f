//! `checker context`

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use compose::Sources;
use compose::disk::ConfinedDirectory;
use dockerfile::context::{Context, Entry, Seen};
use lesson::Build;
use lesson::evidence::FilesSeen;
use lesson::words;
use serde_json::{Value, json};

use crate::Exit;
use crate::capture;
use crate::cli::ListFormat;
use crate::listing::LessonFolder;

/// How many files are shown to a person; a program gets all.
const SHOWN: usize = 30;
const SCHEMA_VERSION: u32 = 1;

pub fn run(service: Option<&str>, format: ListFormat) -> anyhow::Result<Exit> {
    let files = read_here()?;
    let building = lesson::building_services(&files);
    let service = match (service, building.as_slice()) {
        (Some(service), _) => service.to_owned(),
        (None, [only]) => only.clone(),
        (None, []) => bail!(
            "no service of the compose file here builds its image; `checker config -q` says whether the file can be read"
        ),
        (None, several) => bail!(
            "several services build their image: {}; name one: `checker context {}`",
            several.join(", "),
            several[0]
        ),
    };
    let shown = lesson::look_at_build(files, &service, |build, sources| match format {
        ListFormat::Human => human(&service, build, sources),
        ListFormat::Json => format!("{:#}\n", json(&service, build, sources)),
    });
    match shown {
        Ok(text) => {
            anstream::print!("{text}");
            Ok(Exit::Success)
        }
        Err(reason) => {
            anstream::eprintln!("{reason}");
            Ok(Exit::Failed)
        }
    }
}

/// The project in the current folder.
fn read_here() -> anyhow::Result<FilesSeen> {
    let folder = std::env::current_dir().context("the current folder is not there any more")?;
    let directory = ConfinedDirectory::new(&folder)
        .with_context(|| format!("cannot open {}", folder.display()))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let seen = FilesSeen {
        folder_name: name.into_owned(),
        environment: capture::environment(&folder),
        ..FilesSeen::default()
    };
    let mut files = capture::read_files(&directory, seen);
    lesson::capture_builds(&LessonFolder(&directory), &mut files);
    Ok(files)
}

/// Files that are left out together: a folder of which nothing is in counts as one.
struct LeftOut<'a> {
    path: &'a str,
    is_folder: bool,
    files: usize,
    bytes: u64,
    by: Option<&'a dockerfile::ignore::Rule>,
}

fn left_out<'a>(context: &Context<'a>) -> Vec<LeftOut<'a>> {
    let mut all: BTreeMap<&str, LeftOut<'a>> = BTreeMap::new();
    for seen in context.paths.iter().filter(|seen| !seen.is_in) {
        let mut folders = seen.path.match_indices('/').map(|(at, _)| &seen.path[..at]);
        let top = folders.find(|folder| all.contains_key(folder));
        let entry = all.entry(top.unwrap_or(seen.path)).or_insert(LeftOut {
            path: seen.path,
            is_folder: *seen.entry == Entry::Folder,
            files: 0,
            bytes: 0,
            by: seen.by,
        });
        entry.files += usize::from(*seen.entry != Entry::Folder);
        entry.bytes += seen.entry.bytes();
    }
    let mut all: Vec<_> = all.into_values().collect();
    all.sort_by_key(|left_out| std::cmp::Reverse(left_out.bytes));
    all
}

fn largest_first<'s, 'a>(files: impl Iterator<Item = &'s Seen<'a>>) -> Vec<&'s Seen<'a>>
where
    'a: 's,
{
    let mut files: Vec<_> = files.collect();
    files.sort_by_key(|seen| std::cmp::Reverse(seen.entry.bytes()));
    files
}

/// `.dockerignore:3`
fn place(build: &Build<'_>, sources: &Sources, rule: &dockerfile::ignore::Rule) -> String {
    let path = build.ignore_path.as_deref().unwrap_or_default();
    format!("{path}:{}", sources.position(rule.span).line)
}

fn human(service: &str, build: &Build<'_>, sources: &Sources) -> String {
    use std::fmt::Write as _;
    let context = build.context();
    let asks_for = build.asks_for();
    let files = largest_first(context.files());
    let asked: Vec<_> = context.asked(&asks_for).collect();
    let folder = match build.folder.as_str() {
        "" => "this folder",
        folder => folder,
    };
    let mut text = format!(
        "The image of {service} is built from {folder}. In the context: {}, {}.\n",
        counted(files.len()),
        words::size(context.bytes())
    );
    let asked_bytes = asked.iter().map(|seen| seen.entry.bytes()).sum();
    if asked.len() < files.len() {
        let _ = writeln!(
            text,
            "Its Dockerfile asks for {} of it, {}; the builder is sent no more than that.",
            counted(asked.len()),
            words::size(asked_bytes)
        );
    }
    text.push('\n');
    for seen in files.iter().take(SHOWN) {
        let _ = writeln!(
            text,
            "{:>10}  {}",
            words::size(seen.entry.bytes()),
            seen.path
        );
    }
    if files.len() > SHOWN {
        let _ = writeln!(text, "{:>10}  and {} more", "", files.len() - SHOWN);
    }
    let left_out = left_out(&context);
    if !left_out.is_empty() {
        text.push_str("\nLeft out:\n");
    }
    for one in left_out.iter().take(SHOWN) {
        let path = match one.is_folder {
            true => format!("{}/ ({})", one.path, counted(one.files)),
            false => one.path.to_owned(),
        };
        let by = one.by.map_or_else(String::new, |rule| {
            format!("{}: {}", place(build, sources, rule), rule.text)
        });
        let _ = writeln!(text, "{:>10}  {path:<30}  {by}", words::size(one.bytes));
    }
    if left_out.len() > SHOWN {
        let _ = writeln!(text, "{:>10}  and {} more", "", left_out.len() - SHOWN);
    }
    if build.ignore_path.is_none() {
        text.push_str("\nThere is no .dockerignore here.\n");
    }
    for folder in &context.unknown {
        let _ = writeln!(
            text,
            "\nNot looked into, it has too many files or may not be read: {folder}/"
        );
    }
    text
}

fn counted(files: usize) -> String {
    match files {
        1 => "1 file".to_owned(),
        files => format!("{files} files"),
    }
}

fn json(service: &str, build: &Build<'_>, sources: &Sources) -> Value {
    let context = build.context();
    let asks_for = build.asks_for();
    let asked: Vec<_> = context.asked(&asks_for).map(|seen| seen.path).collect();
    let rule = |rule: Option<&dockerfile::ignore::Rule>| {
        rule.map(|rule| {
            json!({
                "path": build.ignore_path,
                "line": sources.position(rule.span).line,
                "pattern": rule.text,
            })
        })
    };
    let file = |seen: &&Seen<'_>| {
        json!({
            "path": seen.path,
            "bytes": seen.entry.bytes(),
            "asked_for": asked.contains(&seen.path),
        })
    };
    let out = |one: &LeftOut<'_>| json!({"path": one.path, "folder": one.is_folder, "files": one.files, "bytes": one.bytes, "by": rule(one.by)});
    json!({
        "schema_version": SCHEMA_VERSION,
        "service": service,
        "context": if build.folder.is_empty() { "." } else { build.folder.as_str() },
        "dockerfile": build.path,
        "ignore_file": build.ignore_path,
        "bytes": context.bytes(),
        "in": largest_first(context.files()).iter().map(file).collect::<Vec<_>>(),
        "left_out": left_out(&context).iter().map(out).collect::<Vec<_>>(),
        "not_listed": context.unknown,
    })
}
