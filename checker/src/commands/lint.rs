//! `checker lint`

use std::path::{Path, PathBuf};

use compose::{Finding, Loaded, Sources, Start};
use lesson::rules::lint::{self, Level, Lint, Looked};

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
    let projects: Vec<Project> = targets
        .into_iter()
        .map(|target| project(&here, target, &chosen))
        .collect();
    let text = match arguments.format {
        LintFormat::Human => {
            anstream::print!("{}", output::lint::human(&projects));
            String::new()
        }
        LintFormat::Json => output::lint::json(&projects)?,
        LintFormat::Sarif => output::lint::sarif(&projects)?,
        LintFormat::Github => output::lint::github(&projects),
    };
    config::print_as_it_is(&text)?;
    Ok(exit(&projects, arguments.deny))
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
fn project(here: &Path, target: Option<&Path>, chosen: &dyn Fn(&Lint) -> bool) -> Project {
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
            let Loaded {
                findings, sources, ..
            } = loaded;
            Project {
                looked,
                refused: findings.into_iter().filter(Finding::is_error).collect(),
                sources,
            }
        }
        Err(finding) => Project {
            looked: Looked::default(),
            refused: vec![*finding],
            sources: Sources::new(),
        },
    }
}

/// Without `.` and the last slash, which the core would take for names.
fn clean(path: &Path) -> PathBuf {
    path.components().collect()
}
