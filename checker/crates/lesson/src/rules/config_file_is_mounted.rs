//! `config-file-is-mounted`, `config-file-is-read-only`

use compose::Node;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::config_file::{self, Given, Shows};
use crate::evidence::FileSeen;
use crate::format::ConfigFile;
use crate::scene::{Judged, Mismatch, Scene};
use crate::setting;

pub const IS_MOUNTED: Rule = Rule {
    name: "config-file-is-mounted",
    what: "The command of a service names a configuration file, and what stands there is a file of yours.",
    why: "A program reads the file that it is given the path of, in its own container; a file beside the compose file reaches it only through a mount.",
    mend: "Mount the file, and give the program the path that the file has in the container.",
    leave: "Where the image brings its configuration along.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| mounted(scene, &parameters)),
};

pub const IS_READ_ONLY: Rule = Rule {
    name: "config-file-is-read-only",
    what: "The configuration file of yours that a service's command names is mounted read-only.",
    why: "A program that has been taken over, or that rewrites its settings, changes the file on your disk otherwise.",
    mend: "Put `:ro` at the end of the entry, or `read_only: true` into its long form.",
    leave: "Where the program is meant to write its settings back.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| read_only(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Parameters {
    service: String,
    config_file: ConfigFile,
}

fn given<'a>(scene: &Scene<'a>, parameters: &Parameters) -> Option<Given<'a>> {
    let service = scene.service(&parameters.service)?;
    config_file::given(scene.project()?, &service, &parameters.config_file)
}

fn mounted(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    let Parameters {
        service: name,
        config_file,
    } = parameters;
    let Some(service) = scene.service(name) else {
        return Judged::not_seen(
            format!("there is no service `{name}`"),
            "look at the names under `services:`",
        );
    };
    let Some(given) = given(scene, parameters) else {
        if let Some(script) = setting::script(&service) {
            return Judged::not_seen(
                format!("`{name}` is started by the script {script}, which is not read here"),
                "look at the script yourself",
            );
        }
        return Mismatch::new(
            scene.nearest(&format!("services.{name}.command")),
            format!("`{name}` is started without a configuration file"),
            match &config_file.program {
                Some(program) => {
                    format!("the path of its file in the container, right after `{program}`")
                }
                None => format!(
                    "a path in the container that ends in `{}`",
                    config_file.ending
                ),
            },
        )
        .next(format!("look at `command:` of `{name}`"))
        .into();
    };
    let at = given.path.as_str();
    if at.contains('$') {
        return Judged::not_seen(
            format!(
                "the command names {at}, and what the shell in the container makes of that is not known here"
            ),
            "look at the value of the variable yourself",
        );
    }
    let expected = format!("a file of yours, mounted at {at} in `{name}`");
    let (path, node) = match given.shows {
        Shows::File { path, node, .. } => (path, node),
        Shows::Other(node) => {
            let found = format!("{at} lies on this mount, which is no file of yours");
            let mismatch = Mismatch::new(scene.spot_of(node), found, expected);
            let is_volume = node.get("type").and_then(Node::as_str) == Some("volume");
            return match is_volume {
                true => mismatch.next(
                    "a path of yours begins with `./`; anything else is the name of a volume",
                ),
                false => mismatch,
            }
            .into();
        }
        Shows::Image if service.node().get("volumes_from").is_some() => {
            return Judged::not_seen(
                format!(
                    "`{name}` takes the mounts of another service by `volumes_from`, which is not read here"
                ),
                "look at `volumes:` of the service that it names",
            );
        }
        Shows::Image => {
            let mounts = service.mounts().into_iter();
            let there: Vec<_> = mounts.map(|mount| mount.target).collect();
            let found = match there.as_slice() {
                [] => format!("the command names {at}, and nothing is mounted"),
                there => format!(
                    "the command names {at}, but what is mounted is {}",
                    there.join(", ")
                ),
            };
            return Mismatch::new(scene.spot_of(given.node), found, expected)
                .next(format!("compare {at} with `volumes:` of `{name}`"))
                .into();
        }
    };
    let (found, next) = match scene.evidence.files.files.get(&path) {
        Some(FileSeen::Absent) => (
            format!("there is no {path} in the lesson's folder"),
            "look at the folder with `ls -l`: Docker makes a folder where the file is missing",
        ),
        Some(FileSeen::Folder) => (
            format!("{path} is a folder; Docker makes one where a file is missing"),
            "run `docker compose down`, remove the empty folder with `rmdir`, and put the file there",
        ),
        Some(FileSeen::PermissionDenied) => {
            return Judged::not_seen(
                format!("{path} cannot be read: permission denied"),
                "look at its owner with `ls -l`",
            );
        }
        // What lies outside the lesson's folder is not read; that it is mounted is all that can be said.
        _ => return Judged::Holds,
    };
    Mismatch::new(scene.spot_of(node), found, expected)
        .next(next)
        .into()
}

fn read_only(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    match given(scene, parameters).map(|given| given.shows) {
        Some(Shows::File {
            read_only: true, ..
        }) => Judged::Holds,
        Some(Shows::File { path, node, .. }) => Mismatch::new(
            scene.spot_of(node),
            format!(
                "`{}` may write to {path} through this mount",
                parameters.service
            ),
            "a read-only mount",
        )
        .into(),
        _ => Judged::not_seen(
            "no file of yours is mounted there",
            format!("look at `volumes:` of `{}`", parameters.service),
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(rule: &str, service: &str) -> Judged {
        let compose =
            format!("services: {{db: {{image: x, {service}}}}}\nvolumes: {{kept: {{}}}}\n");
        let with = json!({"service": "db", "config-file": {"ending": ".conf"}});
        on_file(rule, with, &compose)
    }

    #[test]
    fn a_file_that_is_mounted_where_the_command_looks_holds() {
        for service in [
            "command: db /etc/db.conf, volumes: ['./db.conf:/etc/db.conf:ro']",
            "command: db /etc/db.conf, volumes: ['./conf:/etc']",
            "command: db /etc/db.conf, volumes: ['/home/ada/db.conf:/etc/db.conf']",
            "entrypoint: [db, /etc/db.conf], volumes: [{type: bind, source: ./db.conf, target: /etc/db.conf}]",
        ] {
            holds(judge("config-file-is-mounted", service));
        }
    }

    #[test]
    fn each_way_to_miss_the_file_is_told() {
        let rule = "config-file-is-mounted";
        finds(
            judge(rule, "volumes: ['./db.conf:/etc/db.conf']"),
            "without a configuration file",
        );
        finds(
            judge(rule, "command: db /etc/db.conf"),
            "nothing is mounted",
        );
        finds(
            judge(
                rule,
                "command: db /etc/db.conf, volumes: ['./db.conf:/db.conf']",
            ),
            "what is mounted is /db.conf",
        );
        finds(
            judge(rule, "command: db /etc/db.conf, volumes: ['kept:/etc']"),
            "no file of yours",
        );
    }

    #[test]
    fn a_script_may_name_the_file_so_nothing_is_said() {
        assert!(matches!(
            judge("config-file-is-mounted", "command: [sh, /start.sh]"),
            Judged::Unknown(_)
        ));
    }

    #[test]
    fn a_mount_is_read_only_in_both_spellings() {
        let rule = "config-file-is-read-only";
        let with = |mount: &str| {
            judge(
                rule,
                &format!("command: db /etc/db.conf, volumes: [{mount}]"),
            )
        };
        holds(with("'./db.conf:/etc/db.conf:ro'"));
        holds(with("'./db.conf:/etc/db.conf:ro,z'"));
        holds(with(
            "{type: bind, source: ./db.conf, target: /etc/db.conf, read_only: true}",
        ));
        finds(with("'./db.conf:/etc/db.conf'"), "may write to db.conf");
        finds(with("'./db.conf:/etc/db.conf:rw'"), "may write to db.conf");
    }
}
