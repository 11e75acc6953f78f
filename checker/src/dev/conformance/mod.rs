//! `checker dev conformance`: how far our reading of Compose projects agrees with Docker Compose's own.

mod compare;
mod corpus;
mod exceptions;
mod live;
mod reason;
mod summary;

use crate::Exit;
use crate::cli::{DevConformanceArguments, ListFormat};
use exceptions::Exceptions;
use summary::Summary;

/// `checker dev conformance`
pub fn run(arguments: &DevConformanceArguments) -> anyhow::Result<Exit> {
    let exceptions = match &arguments.exceptions {
        Some(path) => Exceptions::read(path)?,
        None => Exceptions::default(),
    };
    let (version, projects) = if arguments.live {
        let (version, projects) = live::projects(&arguments.folder, arguments.within)?;
        (Some(version), projects)
    } else {
        (None, corpus::projects(&arguments.folder)?)
    };
    let mut summary = Summary::new(version);
    for project in &projects {
        summary.add(project, project.judge()?, exceptions.reason(&project.name));
    }
    summary.missing =
        exceptions.without_project(projects.iter().map(|project| project.name.as_str()));
    match arguments.format {
        ListFormat::Human => summary.print(arguments.first),
        ListFormat::Json => {
            anstream::println!("{}", serde_json::to_string_pretty(&summary.to_json())?)
        }
    }
    Ok(if summary.is_as_expected() {
        Exit::Success
    } else {
        Exit::Failed
    })
}
