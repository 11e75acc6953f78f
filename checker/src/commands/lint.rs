//! `checker lint`

use std::path::{Path, PathBuf};

use compose::{Finding, Loaded, Sources, Start};
use lesson::rules::lint::{self, Level, Lint, Looked};
use lesson::secrets::Mask;

use super::config;
use crate::Exit;
use crate::cli::{Deny, LintArguments, LintFormat};
use crate::output;

/// What came of one project.
pub struct Project {
    /// What was found in it.
    pub looked: Looked,
    /// Why Compose cannot read it, with the files that its places lie in; empty where it can.
    pub refused: Vec<Finding>,
    /// The files, as they are.
    pub sources: Sources,
}

pub fn run(arguments: &LintArguments) -> anyhow::Result<Exit> {
    let here = config::current_folder()?;
    let targets: Vec<Option<&Path>> = match arguments.files.as_slice() {
        [] => vec![None],
        files => files.iter().map(|file| Some(file.as_path())).collect(),
    };
    let chosen = |lint: &Lint| {
        let is_named = |names: &[String]| names.iter().any(|name| name == lint.rule.name);
        (arguments.rules.is_empty() || is_named(&arguments.rules)) && !is_named(&arguments.allow)
    };
    let (projects, mut masks): (Vec<Project>, Vec<Mask>) = targets
        .into_iter()
        .map(|target| project(&here, target, &chosen))
        .unzip();
    let mut masked = |text: String| masks.iter_mut().fold(text, |text, mask| mask.text(&text));
    let text = match arguments.format {
        LintFormat::Human => {
            anstream::print!("{}", masked(output::lint::human(&projects)));
            String::new()
        }
        LintFormat::Json => masked_document(&output::lint::json(&projects)?, &mut masks)?,
        LintFormat::Sarif => masked_document(&output::lint::sarif(&projects)?, &mut masks)?,
        LintFormat::Github => masked(output::lint::github(&projects)),
    };
    config::print_as_it_is(&text)?;
    Ok(exit(&projects, arguments.deny))
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

fn exit(projects: &[Project], deny: Deny) -> Exit {
    let least = match deny {
        Deny::Problems => Level::Problem,
        Deny::Cautions => Level::Caution,
        Deny::Notes => Level::Note,
    };
    let mut findings = projects.iter().flat_map(|project| &project.looked.findings);
    if projects.iter().any(|project| !project.refused.is_empty()) {
        Exit::Usage
    } else if findings.any(|finding| finding.lint.level >= least) {
        Exit::Failed
    } else {
        Exit::Success
    }
}

/// Looks at the project of a file or folder; without one at the project that Compose finds here.
fn project(here: &Path, target: Option<&Path>, chosen: &dyn Fn(&Lint) -> bool) -> (Project, Mask) {
    let folder = target.filter(|target| here.join(target).is_dir());
    let file = target.filter(|_| folder.is_none());
    let mut environment = config::environment();
    let folder = folder.map_or_else(|| here.to_path_buf(), |folder| clean(&here.join(folder)));
    if folder != here {
        environment.remove("PWD");
        environment.remove("COMPOSE_FILE");
    }
    let start = Start {
        folder: config::text(&folder),
        files: file.map(config::text).into_iter().collect(),
        // What is started only now and then is to be right as well.
        profiles: vec!["*".to_owned()],
        environment,
        ..Start::default()
    };
    match config::read(&start, here, None) {
        Ok(loaded) => {
            let looked = lint::look_at(&loaded, chosen);
            let mask = Mask::of(&loaded);
            let Loaded {
                findings, sources, ..
            } = loaded;
            let project = Project {
                looked,
                refused: findings.into_iter().filter(Finding::is_error).collect(),
                sources,
            };
            (project, mask)
        }
        Err(finding) => {
            let project = Project {
                looked: Looked::default(),
                refused: vec![*finding],
                sources: Sources::new(),
            };
            (project, Mask::default())
        }
    }
}

/// Without `.` and the last slash, which the core would take for names.
fn clean(path: &Path) -> PathBuf {
    path.components().collect()
}
