//! Putting everything back: from whatever there is now to what the journal says was there before.
//!
//! Nothing is undone command by command. What is there is compared with what was there, so that it works from every moment
//! at which a drill may have ended, and may itself be cut short and begun again.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::docker::Docker;
use super::journal::{Journal, Kept};
use super::project::{self, Known, Running};
use super::saved::What;

/// What a command that was under way when the program was killed may take to end.
const SETTLES_WITHIN: Duration = Duration::from_secs(60);
/// Seconds that a program gets to end, whose data are about to be replaced.
const GRACE: &str = "2";

/// Puts everything back and closes the journal; gives back what it did, for a person.
///
/// # Errors
/// What could not be put back. The journal stays open then, and the same can be tried again.
pub fn put_back(kept: &mut Kept, lock: &Arc<File>) -> anyhow::Result<String> {
    let docker = Docker {
        host: kept.journal.host.clone(),
        project: kept.journal.project.clone(),
        lock: Arc::clone(lock),
    };
    let journal = &kept.journal;
    // Without an engine there is no use in trying again and again.
    look(&docker)?;
    let acted = journal.acts.iter().any(|act| act.is_step);
    if acted && !journal.saved.is_empty() {
        make_anew(&docker, kept)?;
    }
    again(|| start(&docker, &kept.journal))?;
    let now = look(&docker)?;
    let before = kept.journal.before.counts();
    if now.counts() != before {
        bail!(
            "the containers are not as they were: {:?}, and were {before:?}",
            now.counts()
        );
    }
    remove_left_over_volumes(&docker, &kept.journal, &now);
    kept.close()?;
    Ok(told(&kept.journal, acted))
}

fn look(docker: &Docker) -> anyhow::Result<Running> {
    let seen = project::look(docker)?;
    Ok(Running::of(&seen, &docker.project.name))
}

/// A command that a killed program has left behind may still be under way; then the engine refuses for a while.
fn again(mut act: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        match act() {
            Err(_) if began.elapsed() < SETTLES_WITHIN => {
                std::thread::sleep(Duration::from_millis(500));
            }
            done => return done,
        }
    }
}

/// Makes the containers, and the volumes that were saved, anew and fills them before anything starts.
fn make_anew(docker: &Docker, kept: &Kept) -> anyhow::Result<()> {
    let journal = &kept.journal;
    let has_volumes = journal
        .saved
        .iter()
        .any(|saved| matches!(saved.what, What::Volume { .. }));
    // Every volume that this removes was saved; `project::can_be_put_back` saw to it.
    let down: &[&str] = if has_volumes {
        &["down", "--volumes", "--timeout", GRACE]
    } else {
        &["down", "--timeout", GRACE]
    };
    again(|| {
        docker.compose(down)?;
        let left = look(docker)?;
        if let Some(known) = left.containers.first() {
            bail!("{} could not be removed", known.name);
        }
        Ok(())
    })?;
    let counts = journal.before.counts();
    let mut create = vec!["up".to_owned(), "--no-start".to_owned()];
    for (service, (all, _)) in &counts {
        if *all > 1 {
            create.extend(["--scale".to_owned(), format!("{service}={all}")]);
        }
    }
    create.extend(counts.keys().map(|service| (*service).to_owned()));
    again(|| docker.compose(&create).map(drop))?;
    let now = look(docker)?;
    for saved in &journal.saved {
        let of = journal
            .before
            .containers
            .iter()
            .find(|known| known.name == saved.container);
        let known: &Known = of.and_then(|known| now.successor(known)).with_context(|| {
            format!("there is no container in the place of {}", saved.container)
        })?;
        saved
            .fill(docker, known, &kept.folder)
            .with_context(|| format!("{} was not put back", saved.told()))?;
    }
    Ok(())
}

/// Starts what ran, and ends what did not.
fn start(docker: &Docker, journal: &Journal) -> anyhow::Result<()> {
    let before = journal.before.counts();
    let ran = before.iter().filter(|(_, (_, running))| *running > 0);
    let mut up = vec!["up", "--detach", "--wait", "--no-recreate"];
    let scales: Vec<_> = before
        .iter()
        .filter(|(_, (all, _))| *all > 1)
        .map(|(service, (all, _))| format!("{service}={all}"))
        .collect();
    for scale in &scales {
        up.extend(["--scale", scale]);
    }
    up.extend(ran.map(|(service, _)| *service));
    let started = docker.compose(&up);
    let now = look(docker)?;
    for service in now.counts().keys() {
        if !before.contains_key(service) {
            docker.compose(&["rm", "--stop", "--force", service])?;
        }
    }
    // `--wait` also fails for a container that has done its work; what counts is that all are as they were.
    match look(docker)?.counts() == before {
        true => Ok(()),
        false => started.map(drop),
    }
}

/// Volumes without a name of containers that are no more. One that is in use again is refused by the engine, and stays.
fn remove_left_over_volumes(docker: &Docker, journal: &Journal, now: &Running) {
    let in_use = now.anonymous();
    for name in journal.anonymous.difference(&in_use) {
        // It may be gone already.
        let _ = docker.docker(&["volume", "rm", name]);
    }
}

fn told(journal: &Journal, acted: bool) -> String {
    let names: Vec<_> = journal
        .before
        .containers
        .iter()
        .filter(|known| known.runs)
        .map(|known| known.name.as_str())
        .collect();
    let run = if names.len() == 1 { "runs" } else { "run" };
    let mut text = format!("{} {run} as before", names.join(", "));
    if acted {
        let saved = journal
            .saved
            .iter()
            .filter(|saved| !saved.entries.is_empty());
        for saved in saved {
            text.push_str(&format!("; {} is back and equal", saved.told()));
        }
    }
    text
}
