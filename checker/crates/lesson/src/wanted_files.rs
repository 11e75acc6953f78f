//! Which files of the learner's folder a lesson's checks want to read, besides those that Compose reads.

use std::collections::BTreeSet;

use compose::{Loaded, Project};
use serde::Deserialize;
use serde_json::Value;

use crate::config_file::{Shows, given};
use crate::format::{ConfigFile, Look, Place};
use crate::parse::Lesson;
use crate::rules;

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
