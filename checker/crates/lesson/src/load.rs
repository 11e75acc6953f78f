//! The learner's files as a project.

use compose::Loaded;

use crate::evidence::{Evidence, FilesSeen};
use crate::scene;

/// Loads the compose file out of the evidence, as a host loads it from the folder.
pub fn load(evidence: &Evidence) -> Loaded {
    load_as(evidence, &evidence.files.request())
}

/// The same with the services of every profile, those that `up` leaves out as well.
pub fn load_with_all_profiles(evidence: &Evidence) -> Loaded {
    let request = compose::Request {
        profiles: vec!["*".to_owned()],
        ..evidence.files.request()
    };
    load_as(evidence, &request)
}

/// Loads them as `request` says.
pub fn load_as(evidence: &Evidence, request: &compose::Request) -> Loaded {
    let mut loaded = compose::load(&evidence.files, request);
    crate::build::add_sources(&evidence.files, &mut loaded);
    loaded
}

/// How the first of a project's Compose files is loaded alone: without an override, on a machine that has no other.
pub fn base_request(files: &FilesSeen, loaded: &Loaded) -> compose::Request {
    compose::Request {
        files: vec![scene::compose_file(loaded)],
        ..files.request()
    }
}
