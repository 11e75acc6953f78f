//! What the installed Docker Compose says of every compose file below a folder.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::process::Command;

use crate::dev::group;

use super::compare::{Project, Surroundings, Verdict};

/// How many files are asked about at a time.
const AT_A_TIME: usize = 2;
/// What a file makes use of, and the pattern that shows it.
const FEATURES: &[(&str, &str)] = &[
    ("anchors", r"&\w"),
    ("configs", r"(?m)^configs:"),
    ("depends_condition", r"condition:"),
    ("deploy", r"deploy:"),
    ("develop", r"develop:"),
    ("env_file", r"env_file:"),
    ("extends", r"(?m)^\s+extends:"),
    ("healthcheck", r"healthcheck:"),
    ("include", r"(?m)^include:"),
    ("interp", r"\$[{A-Za-z]"),
    ("interp_default", r"\$\{\w+:?[-?+]"),
    ("merge_key", r"<<:"),
    ("models", r"(?m)^models:"),
    ("override_tag", r"!override"),
    ("profiles", r"profiles:"),
    ("provider", r"provider:"),
    ("reset_tag", r"!reset"),
    ("secrets", r"(?m)^secrets:"),
    ("version", r"(?m)^version:"),
    ("x_ext", r"(?m)^x-"),
];

/// Every compose file below `folder` with what Compose says of it; progress goes to stderr. A file has to be read `within` this
/// time: on an alias bomb Compose never ends.
///
/// # Errors
/// No Docker Compose, or a folder without compose files.
pub fn projects(folder: &Path, within: Duration) -> anyhow::Result<(String, Vec<Project>)> {
    let folder = std::fs::canonicalize(folder)
        .ok()
        .filter(|folder| folder.is_dir())
        .with_context(|| format!("{} is no folder", folder.display()))?;
    let mut files = Vec::new();
    collect(&folder, &mut files)?;
    files.sort();
    if files.is_empty() {
        bail!(
            "{} has no compose file: none whose name has `compose` in it and ends with .yaml or .yml",
            folder.display()
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let version = version().await?;
        anstream::eprintln!(
            "asking Docker Compose {version} about {} files",
            files.len()
        );
        let asked = files.iter().enumerate().map(|(index, file)| {
            let (folder, total) = (&folder, files.len());
            async move {
                let project = project(folder, file, within).await?;
                anstream::eprintln!("{}/{total} {}", index + 1, project.name);
                anyhow::Ok(project)
            }
        });
        let projects = stream::iter(asked)
            .buffered(AT_A_TIME)
            .try_collect()
            .await?;
        Ok((version, projects))
    })
}

/// Symbolic links are not followed, so that no file is asked about twice and none outside.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder);
    for entry in entries.with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() && entry.file_name() != ".git" {
            collect(&path, files)?;
        } else if kind.is_file() && is_compose_file(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_compose_file(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    name.contains("compose") && matches!(extension, "yaml" | "yml")
}

async fn version() -> anyhow::Result<String> {
    let mut command = Command::new("docker");
    command
        .args(["compose", "version", "--short"])
        .stdin(Stdio::null());
    let missing = "`docker compose` does not run here; `--live` needs it: https://docs.docker.com/compose/install/";
    let output = command.output().await.context(missing)?;
    if !output.status.success() {
        bail!(
            "{missing}\n{}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

async fn project(root: &Path, file: &Path, within: Duration) -> anyhow::Result<Project> {
    let folder = file.parent().unwrap_or(root);
    let file_name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let text = String::from_utf8_lossy(&std::fs::read(file)?).into_owned();
    let features = features(&text)?;
    let environment: BTreeMap<String, String> = ["PATH", "HOME"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)))
        .collect();
    let asking = Asking {
        folder,
        file: &file_name,
        environment: &environment,
        within,
    };
    let verdict = match asking.config(&[]).await? {
        Ok(model) => Verdict::Loads {
            model,
            with_all_profiles: match features.contains(&"profiles".to_owned()) {
                true => asking.config(&["--profile", "*"]).await?.ok(),
                false => None,
            },
        },
        Err(error) => Verdict::Refuses(error),
    };
    Ok(Project {
        name: file
            .strip_prefix(root)
            .unwrap_or(file)
            .to_string_lossy()
            .replace('\\', "/"),
        files: vec![file_name],
        features,
        surroundings: Surroundings {
            // Compose reads what it is told to, wherever that is.
            bounds: folder.ancestors().last().unwrap_or(folder).to_owned(),
            project_directory: folder.to_string_lossy().into_owned(),
            folder_name: folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            environment,
            folder: folder.to_owned(),
        },
        verdict,
    })
}

fn features(text: &str) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for (feature, pattern) in FEATURES {
        if regex_lite::Regex::new(pattern)?.is_match(text) {
            found.push((*feature).to_owned());
        }
    }
    Ok(found)
}

struct Asking<'a> {
    folder: &'a Path,
    file: &'a str,
    environment: &'a BTreeMap<String, String>,
    within: Duration,
}

impl Asking<'_> {
    /// The model, or why there is none.
    async fn config(&self, arguments: &[&str]) -> anyhow::Result<Result<Value, String>> {
        let mut command = docker();
        command
            .args(["compose", "-f", self.file])
            .args(arguments)
            .args(["config", "--format", "json"])
            .current_dir(self.folder)
            .env_clear()
            .envs(self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A group of its own: `docker` starts the plug-in, and only together do they end.
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn().context("cannot start `docker`")?;
        let group = child.id();
        let Ok(output) = tokio::time::timeout(self.within, child.wait_with_output()).await else {
            kill(group).await;
            return Ok(Err("TIMEOUT".to_owned()));
        };
        let output = output?;
        if !output.status.success() {
            return Ok(Err(error(&output)));
        }
        let model = serde_json::from_slice(&output.stdout);
        Ok(Ok(model.context("`docker compose config` prints no JSON")?))
    }
}

/// `docker` with bounded memory: on an alias bomb Compose would take all of the machine's before its time is over.
#[cfg(unix)]
fn docker() -> Command {
    const KIBIBYTES: &str = "8388608";
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "ulimit -v \"$0\" 2>/dev/null; exec \"$@\"",
        KIBIBYTES,
        "docker",
    ]);
    command
}

#[cfg(not(unix))]
fn docker() -> Command {
    Command::new("docker")
}

async fn kill(group: Option<u32>) {
    if let Some(group) = group.filter(|_| cfg!(unix)) {
        // If it has ended by itself meanwhile, all the better.
        let _ = Command::from(group::signal(group, "KILL")).status().await;
    }
}

/// What is said on stderr beside warnings.
fn error(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr);
    let lines = told
        .trim()
        .lines()
        .filter(|line| !line.contains("level=warning"));
    lines.collect::<Vec<_>>().join("\n")
}
