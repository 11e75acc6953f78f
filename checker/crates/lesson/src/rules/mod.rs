//! Named rules: what takes more than one place to judge. Each is one file with its documentation, code and examples.

mod apt_installs;
mod build_context;
mod compose_file_loads;
mod config_file_is_mounted;
mod container_settings;
mod containers_answer_to_service_names;
mod containers_match_file;
mod containers_share_a_network;
mod containers_share_an_image;
mod copied_files_are_as_here;
mod dockerfile_is_accepted;
mod env_file_values_count;
mod example_names_every_variable;
mod health_check_allows_the_start;
mod health_check_asks;
mod health_check_asks_a_known_route;
mod health_check_tells_the_client;
mod image_is_of_the_dockerfile;
mod is_built_in_stages;
mod keeps_data;
mod keeps_running;
mod lies_in_memory;
pub mod lint;
mod missing_config_file_is_refused;
mod newest_probe_passed;
mod no_leftover_containers;
mod no_leftover_images;
mod no_nameless_volumes;
mod no_orphans;
mod object_storage_credentials_agree;
mod only_internal_networks;
mod packages_outlast_an_edit;
mod pip_cache_stays_out;
mod port_is_published;
mod port_variable_agrees;
mod redis_probe_logs_in;
mod requirements_are_pinned;
mod runs_a_lasting_program;
mod secret_files_are_there;
mod secret_files_stay_out_of_git;
mod secret_files_stay_out_of_images;
mod secrets_stay_out;
mod services_share_a_network;
mod services_share_an_image;
mod some_stage_installs;
mod started_in_order;
mod starts_after;
mod variable_is_not_written_as;
mod variables_are_set;
mod where_files_come_from;
mod written_once;

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
        apt_installs::FRESH_LISTS,
        apt_installs::LISTS_REMOVED,
        apt_installs::NO_RECOMMENDS,
        build_context::IS_READ,
        build_context::LEAVES_OUT,
        build_context::HAS,
        compose_file_loads::RULE,
        compose_file_loads::WITHOUT_WARNINGS,
        config_file_is_mounted::IS_MOUNTED,
        config_file_is_mounted::IS_READ_ONLY,
        containers_answer_to_service_names::RULE,
        containers_match_file::RULE,
        containers_share_a_network::RULE,
        containers_share_an_image::RULE,
        copied_files_are_as_here::RULE,
        dockerfile_is_accepted::RULE,
        env_file_values_count::RULE,
        example_names_every_variable::RULE,
        health_check_allows_the_start::RULE,
        health_check_asks::RULE,
        health_check_asks_a_known_route::RULE,
        health_check_tells_the_client::RULE,
        image_is_of_the_dockerfile::RULE,
        is_built_in_stages::RULE,
        keeps_data::RULE,
        keeps_running::RULE,
        newest_probe_passed::RULE,
        no_leftover_containers::RULE,
        no_leftover_images::RULE,
        lies_in_memory::RULE,
        missing_config_file_is_refused::RULE,
        no_nameless_volumes::IN_FILE,
        no_nameless_volumes::MOUNTED,
        no_orphans::RULE,
        object_storage_credentials_agree::RULE,
        only_internal_networks::IN_FILE,
        only_internal_networks::ON_ENGINE,
        packages_outlast_an_edit::RULE,
        pip_cache_stays_out::RULE,
        port_is_published::IS_PUBLISHED,
        port_is_published::IS_NOT_PUBLISHED,
        port_is_published::IS_PRIVATE,
        port_variable_agrees::RULE,
        redis_probe_logs_in::RULE,
        requirements_are_pinned::RULE,
        runs_a_lasting_program::RULE,
        secret_files_are_there::ARE_THERE,
        secret_files_are_there::ARE_GIVEN,
        secret_files_stay_out_of_git::RULE,
        secret_files_stay_out_of_images::RULE,
        secrets_stay_out::IN_FILE,
        secrets_stay_out::IN_ENVIRONMENT,
        secrets_stay_out::IN_CONTAINERS,
        services_share_a_network::RULE,
        services_share_a_network::NONE_SHARED,
        services_share_an_image::ONE_BUILDER,
        services_share_an_image::ONE_RECIPE,
        services_share_an_image::SHARED,
        some_stage_installs::RULE,
        started_in_order::RULE,
        starts_after::RULE,
        variable_is_not_written_as::RULE,
        variables_are_set::ARE_REQUIRED,
        variables_are_set::ARE_SET,
        where_files_come_from::OF_IMAGE,
        where_files_come_from::OWN_FOLDER,
        written_once::RULE,
    ]
}

/// The rule that reads how an image was made.
pub(crate) const IMAGE_IS_OF_THE_DOCKERFILE: &str = image_is_of_the_dockerfile::RULE.name;

/// The rule that holds files of containers against those in the learner's folder.
pub(crate) const COPIED_FILES_ARE_AS_HERE: &str = copied_files_are_as_here::RULE.name;

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
