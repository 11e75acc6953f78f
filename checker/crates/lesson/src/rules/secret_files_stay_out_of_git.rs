//! `secret-files-stay-out-of-git`

use std::collections::BTreeSet;

use compose::Project;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::evidence::FileSeen;
use crate::gitignore::Gitignore;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};
use crate::secrets::places;

pub const RULE: Rule = Rule {
    name: "secret-files-stay-out-of-git",
    what: "Git leaves out every file that holds a secret: those of `secrets:`, those that variables such as DB_PASSWORD_FILE lead to, and files of variables with a password, key or token in them. The `.gitignore` files of the project's folder and of those below it are read.",
    why: "What was committed once is in every copy of the project and in its history, also after the file was deleted.",
    mend: "Name the file, or the folder it lies in, in `.gitignore`. What was committed before has to be changed: it is known.",
    leave: "Where another `.gitignore`, above the project's folder, leaves the file out.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    /// Files that Git has to take.
    #[serde(default)]
    takes: Vec<String>,
}

/// The `.gitignore` files that have a say.
pub fn files(project: &Project) -> BTreeSet<String> {
    let folders = places::files(project);
    let folders = folders
        .iter()
        .filter(|path| is_inside(path))
        .flat_map(|path| path.match_indices('/').map(|(end, _)| &path[..end]));
    let below = folders.map(|folder| format!("{folder}/.gitignore"));
    below.chain([".gitignore".to_owned()]).collect()
}

/// Whether a path stays in the lesson's folder.
fn is_inside(path: &str) -> bool {
    !path.starts_with(['/', '~']) && !path.split('/').any(|part| part == "..")
}

fn judge(scene: &Scene<'_>, Parameters { takes }: &Parameters) -> Judged {
    let Some(project) = scene.project() else {
        return Judged::not_seen(
            "the compose file does not load",
            "run `docker compose config -q`",
        );
    };
    let mut gitignore = Gitignore::default();
    for path in files(project) {
        let folder = path.strip_suffix(".gitignore").unwrap_or_default();
        if let Some(FileSeen::Text(text)) = scene.evidence.files.files.get(&path) {
            gitignore.add(folder.trim_end_matches('/'), text);
        }
    }
    let own = places::files(project);
    let taken = own
        .into_iter()
        .chain(variable_files(scene, project))
        .filter(|path| is_inside(path) && gitignore.leaves_out(path).is_none())
        .map(|path| {
            let spot = whole(".gitignore");
            let found = format!("Git takes {path}, which holds a secret");
            Mismatch::new(spot, found, format!("a line that leaves {path} out"))
                .next("compare each line of `.gitignore` with the path of the file")
        });
    let left_out = takes.iter().filter_map(|path| {
        let by = gitignore.leaves_out(path)?;
        let found = format!("line {} of {} leaves out {path} as well", by.line, by.file);
        Some(
            Mismatch::new(
                whole(&by.file),
                found,
                format!("{path} in Git: everybody needs it, and it holds no secret"),
            )
            .next("look for a line that leaves out less"),
        )
    });
    Judged::from_mismatches(taken.chain(left_out).collect())
}

fn whole(path: &str) -> Spot {
    Spot::WholeFile {
        path: path.to_owned(),
    }
}

/// The files of variables that have a secret in them.
pub fn variable_files(scene: &Scene<'_>, project: &Project) -> Vec<String> {
    let given = places::given_variables(project);
    let files = places::variable_files(scene.loaded).into_iter();
    let with_secrets = files.filter(|path| {
        let Some(FileSeen::Text(text)) = scene.evidence.files.files.get(path) else {
            return false;
        };
        assignments(text).any(|(name, value)| {
            let given = given.contains(name) && !value.is_empty();
            given || places::secret_of(name, value).is_some()
        })
    });
    with_secrets.collect()
}

/// The lines `NAME=value` of a file of variables, without quotes. Compose takes `NAME: value` as well.
pub fn assignments(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        let (name, value) = line.split_once(['=', ':'])?;
        let name = name.trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        (!name.starts_with('#')).then(|| (name, value.trim().trim_matches(['"', '\''])))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_files};

    const COMPOSE: &str = "services: {db: {image: x, secrets: [db], env_file: app.env}}\nsecrets: {db: {file: ./secrets/db.txt}}";

    fn judge(gitignore: &str, app: &str) -> Judged {
        let files = [
            ("compose.yaml", COMPOSE),
            (".gitignore", gitignore),
            ("app.env", app),
        ];
        let with = json!({"takes": ["compose.yaml"]});
        on_files("secret-files-stay-out-of-git", with, &files)
    }

    #[test]
    fn a_file_with_a_secret_has_to_be_left_out() {
        holds(judge("secrets/\n", "A=1\n"));
        holds(judge("*.txt\n*.env\n", "API_KEY=blue\n"));
        finds(judge("secret/\n", "A=1\n"), "Git takes secrets/db.txt");
        finds(judge("secrets/\n", "API_KEY=blue\n"), "Git takes app.env");
        finds(judge("secrets/\n", "API_KEY: blue\n"), "Git takes app.env");
    }

    #[test]
    fn what_everybody_needs_may_not_be_left_out() {
        finds(
            judge("*\n", "A=1\n"),
            "line 1 of .gitignore leaves out compose.yaml",
        );
    }
}
