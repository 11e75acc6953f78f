//! What has to be known of the world before a lesson can be judged.

use compose::{Loaded, Project};

use crate::evidence::{Evidence, HostPort, MilvusCall, Probe, Wanted};
use crate::format::{Look, Matcher, Place};
use crate::image;
use crate::live;
use crate::parse::Lesson;
use crate::rules;
use crate::wanted_files::copied_files_asked_for;

/// Collects what the lesson's checks ask for. Of the evidence only the files count. `folder` is the absolute path of the lesson's folder.
///
/// Without a project (the file does not load) only the containers of the lesson's own project name are wanted.
pub fn wanted(lesson: &Lesson, evidence: &Evidence, loaded: &Loaded, folder: &str) -> Wanted {
    let mut wanted = Wanted {
        project: lesson.header.project.clone(),
        folder: folder.to_owned(),
        ..Wanted::default()
    };
    let Some(project) = &loaded.project else {
        return wanted;
    };
    wanted.project = project.name().to_owned();
    wanted.images = project
        .services()
        .filter_map(|service| image::reference(project, &service))
        .collect();
    wanted.ports = host_ports(project);
    for check in &lesson.checks {
        add(&check.look, evidence, project, &mut wanted);
    }
    let copied = copied_files_asked_for(lesson, evidence, loaded);
    let probes = copied.iter().map(|(service, file)| file.probe(service));
    wanted.probes.extend(probes);
    wanted
}

fn host_ports(project: &Project) -> std::collections::BTreeSet<HostPort> {
    let ports = project.services().flat_map(|service| {
        service
            .ports()
            .into_iter()
            .filter_map(|port| {
                Some(HostPort {
                    address: port.host_ip.clone().unwrap_or_default(),
                    port: port.published.as_deref()?.parse().ok()?,
                    protocol: port.protocol.clone(),
                })
            })
            .collect::<Vec<_>>()
    });
    ports.collect()
}

/// The service whose image's history is looked at.
fn history_of(place: &Place) -> Option<&str> {
    match place {
        Place::HistoryOf(service) => Some(service),
        Place::Rule(rule) if rule.name == rules::IMAGE_IS_OF_THE_DOCKERFILE => {
            rule.with.get("service")?.as_str()
        }
        _ => None,
    }
}

fn add(look: &Look, evidence: &Evidence, project: &Project, wanted: &mut Wanted) {
    match look {
        Look::All(looks) | Look::Any(looks) => looks
            .iter()
            .for_each(|look| add(look, evidence, project, wanted)),
        Look::At { place, matchers } => {
            let others = matchers.iter().filter_map(other_image);
            wanted
                .images
                .extend(others.map(|name| image::other(evidence, name)));
            if let Some(service) = history_of(place) {
                let service = project.service(service);
                let reference = service.and_then(|service| image::reference(project, &service));
                wanted.histories.extend(reference);
            }
            let probe = live::probe(place, matchers, Some(project));
            // A recording names the server that really answered; an image's tag is only a name.
            if let Some(Probe::Milvus { service, port, .. }) = &probe {
                let (service, port) = (service.clone(), *port);
                wanted.probes.insert(Probe::Milvus {
                    service,
                    port,
                    call: MilvusCall::Version,
                });
            }
            wanted.probes.extend(probe);
        }
    }
}

/// The image that another one is held against.
fn other_image(matcher: &Matcher) -> Option<&str> {
    match matcher {
        Matcher::SmallerThan(name) => Some(name),
        _ => None,
    }
}
