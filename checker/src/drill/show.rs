//! What a drill says: what it is about to do, by the names that things have now, and what came of it.

use lesson::drill::{Act, Drill, Endangered};

use super::docker::Project;
use super::project::Running;
use crate::output::style::{self, painted};

/// The plan, before anything is done.
pub fn plan(
    name: &str,
    drill: &Drill,
    project: &Project,
    running: &Running,
    endangered: Endangered,
) -> String {
    let mut text = format!(
        "{} · {}\n\nIn the project {} ({}) this will\n",
        painted(style::STRONG, name),
        drill.header.title,
        project.name,
        project.folder
    );
    if endangered.volumes {
        text.push_str(&format!(
            "  - stop {} for a moment, save {}, and start again\n",
            running.names(&[]).join(", "),
            safe(running)
        ));
    } else if endangered.layers {
        text.push_str(&format!(
            "  - save the files that {} wrote\n",
            running.names(&[]).join(", ")
        ));
    }
    for act in drill
        .steps
        .iter()
        .filter_map(|step| step.header.act.as_ref())
    {
        text.push_str(&format!("  - {}\n", effect(act, running)));
    }
    text.push_str(
        "and then put everything back: the services run again, with the data that they have now.\n\
         It touches nothing outside this project.\n",
    );
    text
}

/// What is saved before a drill that endangers volumes.
fn safe(running: &Running) -> String {
    let anonymous = running.anonymous();
    let mounts = running.containers.iter().flat_map(|known| &known.mounts);
    let mut names: Vec<String> = mounts
        .map(|mount| match anonymous.contains(&mount.volume) {
            true => format!("the volume without a name at {}", mount.folder),
            false => format!("the volume {}", mount.volume),
        })
        .collect();
    names.sort();
    names.dedup();
    names.push("the files that they wrote outside volumes".to_owned());
    names.join(", ")
}

fn effect(act: &Act, running: &Running) -> String {
    let names = running.names(act.services()).join(", ");
    let networks = running.networks.join(", ");
    let volumes: Vec<_> = running.volumes.iter().map(String::as_str).collect();
    match act {
        Act::Exec(exec) => format!("run `{}` in {names}", shown_words(&exec.command)),
        Act::Down => format!("{}: remove {names} and {networks}", command(act)),
        Act::DownVolumes => format!(
            "{}: remove {names}, {networks} and with all that is in them {}",
            command(act),
            volumes.join(", ")
        ),
        Act::Up | Act::UpForceRecreate => format!("{}: make and start them", command(act)),
        Act::Stop(_) | Act::Start(_) | Act::Restart(_) | Act::Kill(_) => {
            format!("{}: {names}", command(act))
        }
    }
}

/// As a learner would type it.
pub fn command(act: &Act) -> String {
    format!("`docker compose {}`", shown_words(&act.arguments()))
}

fn shown_words(words: &[String]) -> String {
    let quoted = words.iter().map(|word| {
        let is_plain =
            |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
        if !word.is_empty() && word.chars().all(is_plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}
