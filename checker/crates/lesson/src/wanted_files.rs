//! Which files of the learner's folder a lesson's checks want to read, besides those that Compose reads.

use std::collections::BTreeSet;

use compose::{Loaded, Project, Reader};
use serde::Deserialize;
use serde_json::Value;

use crate::config_file::{Shows, given};
use crate::copied::{CopiedFile, copied_files};
use crate::evidence::{Evidence, FileSeen, FilesSeen, SCHEMA_VERSION, WorldSeen};
use crate::format::{ConfigFile, Look, Place};
use crate::parse::Lesson;
use crate::rules;
use crate::scene::Scene;

/// All of them, relative to the lesson's folder.
pub fn files_to_read(lesson: &Lesson, loaded: &Loaded) -> BTreeSet<String> {
    let mut files = settings_files(lesson, loaded);
    if let Some(project) = &loaded.project {
        for check in &lesson.checks {
            beside_of(&check.look, project, &mut files);
        }
    }
    files
}

/// The configuration files that checks of the lesson read settings from. A secret of Compose may be one.
pub fn settings_files(lesson: &Lesson, loaded: &Loaded) -> BTreeSet<String> {
    let mut asked = Vec::new();
    for check in &lesson.checks {
        asked_by(&check.look, &mut asked);
    }
    let Some(project) = &loaded.project else {
        return BTreeSet::new();
    };
    let files = asked.into_iter().filter_map(|asked| {
        let service = project.service(&asked.service)?;
        match given(project, &service, &asked.config_file)?.shows {
            Shows::File { path, .. } => Some(path),
            Shows::Image | Shows::Other(_) => None,
        }
    });
    files.collect()
}

fn beside_of(look: &Look, project: &Project, beside: &mut BTreeSet<String>) {
    match look {
        Look::All(looks) | Look::Any(looks) => looks
            .iter()
            .for_each(|look| beside_of(look, project, beside)),
        Look::At { place, .. } => {
            if let Place::Rule(rule) = place.as_ref() {
                beside.extend(rules::files_beside(&rule.name, &rule.with, project));
            }
        }
    }
}

/// Whoever asks for a configuration file names it so: settings, and parameters of rules.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Asked {
    service: String,
    config_file: ConfigFile,
}

fn asked_by(look: &Look, asked: &mut Vec<Asked>) {
    match look {
        Look::All(looks) | Look::Any(looks) => looks.iter().for_each(|look| asked_by(look, asked)),
        Look::At { place, .. } => match place.as_ref() {
            Place::Setting(setting) => {
                asked.extend(setting.config_file.clone().map(|file| Asked {
                    service: setting.service.clone(),
                    config_file: file,
                }))
            }
            Place::Exec(exec) => asked.extend(exec.agrees_with.iter().filter_map(|agreement| {
                Some(Asked {
                    service: agreement.setting.service.clone(),
                    config_file: agreement.setting.config_file.clone()?,
                })
            })),
            Place::Rule(rule) => asked_in(&rule.with, asked),
            _ => {}
        },
    }
}

fn asked_in(with: &Value, asked: &mut Vec<Asked>) {
    let Value::Object(parameters) = with else {
        return;
    };
    asked.extend(serde_json::from_value::<Asked>(with.clone()));
    parameters.values().for_each(|value| asked_in(value, asked));
}

/// Reads the files that checks of the lesson hold against those in containers.
pub fn capture_copied(lesson: &Lesson, reader: &dyn Reader, files: &mut FilesSeen) {
    let evidence = Evidence {
        schema_version: SCHEMA_VERSION,
        lesson: String::new(),
        at: jiff::Timestamp::UNIX_EPOCH,
        files: files.clone(),
        world: WorldSeen::default(),
    };
    let loaded = crate::load(&evidence);
    for (_, file) in copied_files_asked_for(lesson, &evidence, &loaded) {
        files
            .files
            .entry(file.here)
            .or_insert_with_key(|path| FileSeen::from(reader.read(path)));
    }
}

/// The files that checks of the lesson hold against those in a container, each with its service.
pub fn copied_files_asked_for(
    lesson: &Lesson,
    evidence: &Evidence,
    loaded: &Loaded,
) -> Vec<(String, CopiedFile)> {
    let mut services = BTreeSet::new();
    for check in &lesson.checks {
        services_compared(&check.look, &mut services);
    }
    let scene = Scene { evidence, loaded };
    let known = loaded.project.iter().flat_map(Project::services);
    let known: BTreeSet<&str> = known.map(|service| service.name()).collect();
    services
        .into_iter()
        .filter(|service| known.contains(service.as_str()))
        .filter_map(|service| {
            let build = scene.build(&service).ok()?;
            Some((service, copied_files(&build)))
        })
        .flat_map(|(service, files)| files.into_iter().map(move |file| (service.clone(), file)))
        .collect()
}

/// The services whose copied files are asked for.
fn services_compared(look: &Look, services: &mut BTreeSet<String>) {
    match look {
        Look::All(looks) | Look::Any(looks) => {
            for look in looks {
                services_compared(look, services);
            }
        }
        Look::At { place, .. } => {
            if let Place::Rule(rule) = place.as_ref()
                && rule.name == rules::COPIED_FILES_ARE_AS_HERE
            {
                let name = rule.with.get("service").and_then(Value::as_str);
                services.extend(name.map(str::to_owned));
            }
        }
    }
}
