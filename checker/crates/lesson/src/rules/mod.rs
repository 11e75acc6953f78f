//! Named rules: what takes more than one place to judge. Each is one file with its documentation, code and examples.

mod compose_file_loads;
mod config_file_is_mounted;
mod containers_match_file;
mod containers_share_a_network;
mod dockerfile_is_accepted;
mod env_file_values_count;
mod example_names_every_variable;
mod health_check_asks_a_known_route;
mod keeps_data;
mod keeps_running;
mod lies_in_memory;
pub mod lint;
mod missing_config_file_is_refused;
mod no_leftover_containers;
mod no_nameless_volumes;
mod object_storage_credentials_agree;
mod port_is_published;
mod port_variable_agrees;
mod runs_a_lasting_program;
mod secret_files_are_there;
mod secret_files_stay_out_of_git;
mod secret_files_stay_out_of_images;
mod secrets_stay_out;
mod services_share_a_network;
mod variables_are_set;

use std::collections::BTreeSet;

use compose::Project;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::scene::{Judged, Scene};

/// A rule and its documentation.
#[derive(Clone, Copy)]
pub struct Rule {
    /// The name that lessons use.
    pub name: &'static str,
    /// What it checks.
    pub what: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// How to mend it.
    pub mend: &'static str,
    /// When to leave it.
    pub leave: &'static str,
    /// What it reads.
    pub reads: Reads,
    /// Whether the parameters can be read; what is wrong where not.
    pub accepts: fn(&Value) -> Result<(), String>,
    /// Judges. Parameters were accepted before.
    pub judge: fn(&Scene<'_>, &Value) -> Judged,
}

/// What a rule reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// The learner's files.
    Files,
    /// The files and the containers.
    FilesAndContainers,
}

/// All rules: those that a lesson gives parameters, and those that look at any project.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    let of_projects = lint::all().iter().map(|lint| &lint.rule);
    with_parameters().iter().chain(of_projects)
}

fn with_parameters() -> &'static [Rule] {
    &[
        compose_file_loads::RULE,
        compose_file_loads::WITHOUT_WARNINGS,
        config_file_is_mounted::IS_MOUNTED,
        config_file_is_mounted::IS_READ_ONLY,
        containers_match_file::RULE,
        containers_share_a_network::RULE,
        dockerfile_is_accepted::RULE,
        env_file_values_count::RULE,
        example_names_every_variable::RULE,
        health_check_asks_a_known_route::RULE,
        keeps_data::RULE,
        keeps_running::RULE,
        no_leftover_containers::RULE,
        lies_in_memory::RULE,
        missing_config_file_is_refused::RULE,
        no_nameless_volumes::IN_FILE,
        no_nameless_volumes::MOUNTED,
        object_storage_credentials_agree::RULE,
        port_is_published::IS_PUBLISHED,
        port_is_published::IS_NOT_PUBLISHED,
        port_is_published::IS_PRIVATE,
        port_variable_agrees::RULE,
        runs_a_lasting_program::RULE,
        secret_files_are_there::ARE_THERE,
        secret_files_are_there::ARE_GIVEN,
        secret_files_stay_out_of_git::RULE,
        secret_files_stay_out_of_images::RULE,
        secrets_stay_out::IN_FILE,
        secrets_stay_out::IN_ENVIRONMENT,
        secrets_stay_out::IN_CONTAINERS,
        services_share_a_network::RULE,
        variables_are_set::ARE_SET,
        variables_are_set::ARE_REQUIRED,
    ]
}

/// The rule of this name.
pub fn find(name: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.name == name)
}

/// Files of the learner's folder that a rule reads besides those that Compose reads.
pub fn files_beside(name: &str, with: &Value, project: &Project) -> BTreeSet<String> {
    match name {
        "secret-files-stay-out-of-git" => secret_files_stay_out_of_git::files(project),
        "example-names-every-variable" => example_names_every_variable::files(with),
        _ => BTreeSet::new(),
    }
}

/// Reads a rule's parameters; no parameters are an empty map.
fn parameters<T: DeserializeOwned>(with: &Value) -> Result<T, String> {
    let with = if with.is_null() {
        Value::Object(serde_json::Map::new())
    } else {
        with.clone()
    };
    serde_json::from_value(with)
        .map_err(|error| format!("the rule's parameters cannot be read: {error}"))
}

/// Judges with the parameters, which a lesson's reader has accepted before.
fn judged<T: DeserializeOwned>(with: &Value, judge: impl FnOnce(T) -> Judged) -> Judged {
    match parameters(with) {
        Ok(parameters) => judge(parameters),
        Err(text) => Judged::not_seen(text, "correct the lesson"),
    }
}
